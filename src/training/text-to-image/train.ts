// Trains a text-to-image model on rendered scenes: scenes, latents, then the denoising loss.

import { createHash } from "node:crypto";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { schedulerConfig } from "../../diffusion/scheduler-config.js";
import { makeSchedule } from "../../diffusion/schedule.js";
import { FollowspotError } from "../../core/errors.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Runtime } from "../../engine/runtime/session.js";
import { readJson } from "../../io/json.js";
import { openSafetensors } from "../../io/safetensors.js";
import { parseAutoencoderTinyConfig } from "../../models/vae/index.js";
import { Tokenizer } from "../../models/tokenizer/index.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { initialise } from "../../nn/init.js";
import { Packing } from "../../nn/packed-weights.js";
import { loadLatestCheckpoint } from "../checkpoint.js";
import { encodePool, readLatents, writeLatents } from "../data/latents.js";
import { openPool, renderPool } from "../data/pool.js";
import { streamOf } from "../data/streams.js";
import { runLoop } from "../loop.js";
import type { LoopReport } from "../loop.js";
import { warmupCosine } from "../schedule.js";
import { trainingStep } from "../step.js";
import { Trainer, initialState } from "../trainer.js";
import { TextToImageBatches } from "./batches.js";
import type { CaptionedLatents } from "./batches.js";
import type { TextToImageConfig } from "./config.js";
import { textToImageLoss } from "./loss.js";

export interface TrainOptions {
  readonly runtime: Runtime;
  /** The run's folder; checkpoints in it are gone on from. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  /** Told in words what begins. */
  readonly onStage?: (label: string) => void;
  readonly onReport?: (report: LoopReport, trainer: Trainer) => void | Promise<void>;
}

/** A trained autoencoder: its configuration and weights by name. */
export async function readAutoencoder(folder: string) {
  const config = parseAutoencoderTinyConfig(await readJson(join(folder, "config.json")));
  const file = await openSafetensors(join(folder, "diffusion_pytorch_model.safetensors"));
  const weights = new Map<string, HostTensor<"float32">>();
  for (const name of file.tensors.keys()) weights.set(name, await file.readFloat32(name));
  return { config, weights };
}

/** Identifies what a checkpoint depends on: everything but how long and how often to look. */
export function configDigest(config: TextToImageConfig): string {
  const { steps: _steps, sample_every: _every, sample_prompts: _prompts, ...rest } = config;
  return createHash("sha256").update(JSON.stringify(rest)).digest("hex");
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Renders and encodes what the run's folder lacks. */
async function prepare(
  config: TextToImageConfig,
  options: TrainOptions,
): Promise<CaptionedLatents> {
  const { folder, runtime, signal, onStage } = options;
  const { size, scenes } = config;
  const poolFolder = join(folder, "scenes");
  onStage?.("rendering scenes");
  await renderPool({
    folder: poolFolder,
    size,
    count: scenes.count,
    seed: BigInt(scenes.seed),
    signal,
  });
  const pool = await openPool(poolFolder, size);
  try {
    const autoencoder = await readAutoencoder(config.autoencoder);
    const path = join(folder, "latents.f16");
    const factor = 2 ** (autoencoder.config.num_encoder_blocks.length - 1);
    const shape = [size / factor, size / factor, autoencoder.config.latent_channels];
    if (!(await exists(path))) {
      onStage?.("encoding scenes");
      const latents = await encodePool({
        pool,
        size,
        count: scenes.count,
        ...autoencoder,
        runtime,
        signal,
      });
      await writeLatents(path, latents);
    }
    const latents = await readLatents(path, shape);
    if (latents.shape[0] !== scenes.count) {
      throw new FollowspotError(
        `train: ${path}: expected ${scenes.count} latents, got ${latents.shape[0]}.`,
        {
          remedy: "Delete the file, so that the scenes are encoded anew.",
        },
      );
    }
    return { latents, captions: pool.captions.slice(0, scenes.count) };
  } finally {
    await pool.close();
  }
}

/** The packing of all weights that a configuration trains, `unet.…` and `text_encoder.…`. */
export function packingOf(config: TextToImageConfig, latentSize: number, tokens: number): Packing {
  const loss = textToImageLoss(config.unet, config.text_encoder, { batch: 1, latentSize, tokens });
  return new Packing(collectSpecs((weights) => void loss(weights, weights.graph)));
}

/** Trains until the configured steps are done or the signal comes; returns the trainer and whether it is done. */
export async function trainTextToImage(config: TextToImageConfig, options: TrainOptions) {
  const { runtime, folder, signal, onStage, onReport } = options;
  await mkdir(folder, { recursive: true });
  const data = await prepare(config, options);
  const tokenizer = await Tokenizer.load(config.tokenizer);
  const schedule = makeSchedule(schedulerConfig(config.scheduler));
  const { config: autoencoder } = await readAutoencoder(config.autoencoder);
  const latentSize = data.latents.shape[1]!;
  const packing = packingOf(config, latentSize, tokenizer.maxLength);
  const batches = new TextToImageBatches(data, tokenizer, schedule, {
    batch: config.batch,
    seed: config.seed,
    scalingFactor: autoencoder.scaling_factor,
    captionDropout: config.caption_dropout,
    trailingDropout: config.trailing_dropout,
  });
  onStage?.("building the training step");
  const shape = { batch: config.batch, latentSize, tokens: tokenizer.maxLength };
  const loss = textToImageLoss(config.unet, config.text_encoder, shape);
  const graph = trainingStep(packing, loss, { weightDecay: config.weight_decay });
  const session = await runtime.compile(graph);
  const digest = configDigest(config);
  const resumed = await loadLatestCheckpoint(folder, digest, packing.size);
  const fresh = () =>
    initialState(packing.pack(initialise(packing.specs, streamOf(config.seed, 0))));
  const trainer = new Trainer(
    session,
    resumed?.state ?? fresh(),
    {
      learningRate: warmupCosine({ ...config.learning_rate, steps: config.steps }),
      emaDecay: config.ema_decay,
    },
    resumed?.completed ?? 0,
  );
  onStage?.(resumed ? `resuming at step ${resumed.completed}` : "training");
  try {
    const done = await runLoop({
      trainer,
      steps: config.steps,
      batchSize: config.batch,
      batchOf: (k) => Promise.resolve(batches.at(k)),
      folder,
      digest,
      signal,
      ...(onReport ? { onReport: (report) => onReport(report, trainer) } : {}),
    });
    return { trainer, packing, done };
  } finally {
    await session.release();
  }
}
