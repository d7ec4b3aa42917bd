// Sample sheets of a text-to-image student: a few prompts as they come, and under each, for a student of edits, in a box.

import { basename } from "node:path";
import type { Box } from "../../core/box.js";
import { floats, integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { makeSchedule, NoiseSource, sampleToEnd, schedulerConfig } from "../../diffusion/index.js";
import type { Latent } from "../../diffusion/index.js";
import type { Graph } from "../../engine/graph.js";
import type { Predict } from "../../guidance/self-attention/index.js";
import { PackedWeights } from "../../nn/packed-weights.js";
import type { Packing } from "../../nn/packed-weights.js";
import { scoped } from "../../nn/weights.js";
import type { TrainOptions } from "../../training/fit.js";
import { namedThings } from "../../training/scenes/index.js";
import { decodeLatents, writeSheet } from "../../training/text-to-image/sheet.js";
import { CompiledPredictor } from "../few-steps.js";
import type { TextStudentConfig } from "./config.js";
import { samplerOf, schedulerOf } from "./export.js";
import { contexts, editedGrids, STUDENT, textPredictor } from "./loss.js";
import type { TextParent } from "./parent.js";
import { editFeeds, placed, regionOf } from "./regions.js";

const SEED = 1n;
/** Where the first thing of a prompt is asked for, in the lower row. */
const BOX: Box = [0.05, 0.45, 0.5, 0.9];

/** A student in training. */
export interface TextStudent {
  readonly parent: TextParent;
  readonly config: TextStudentConfig;
  readonly packing: Packing;
  /** [packing.size] */
  readonly average: HostTensor<"float32">;
}

interface Wanted {
  readonly prompt: string;
  /** What is asked for in the box. */
  readonly words?: string | undefined;
}

/** The pictures of a sheet: each prompt plain and, of a student of edits, with its first thing in the box. */
function wantedOf({ sample_prompts: prompts, edits }: TextStudentConfig): Wanted[] {
  const plain = prompts.map((prompt) => ({ prompt }));
  if (!edits) return plain;
  return [...plain, ...prompts.map((prompt) => ({ prompt, words: namedThings(prompt)[0] }))];
}

const labelOf = ({ prompt, words }: Wanted): string =>
  words === undefined ? prompt : `${prompt}; ${words} lower left`;

/** The student in its graph, with the captions and boxes of what is wanted. */
function compiled(
  wanted: readonly Wanted[],
  { parent, config, packing, average }: TextStudent,
  shape: readonly number[],
  { runtime }: Pick<TrainOptions, "runtime">,
): Promise<CompiledPredictor> {
  const { tokenizer } = parent;
  const batch = wanted.length;
  const captions = wanted.map(({ prompt }) => tokenizer.encode(prompt));
  const placements = captions.map((caption, i) => {
    const { words } = wanted[i]!;
    const asked = { box: BOX, strength: 1 };
    return placed(caption, words === undefined ? [] : [regionOf(caption, words, asked)]);
  });
  const { edits } = config;
  const feeds = edits ? editFeeds(placements, editedGrids(parent), edits) : {};
  const ids = integers(
    [batch, tokenizer.maxLength],
    captions.flatMap((each) => each.ids),
  );
  const build = (graph: Graph): Predict => {
    const vector = graph.input("parameters", "float32", [packing.size]);
    const weights = scoped(new PackedWeights(vector, packing), STUDENT);
    const { prompt } = contexts(graph, parent, batch);
    return textPredictor(graph, weights, parent, prompt, { batch, edits });
  };
  const extra = { parameters: average, ids, ...feeds };
  return CompiledPredictor.create(runtime, build, shape, { extra });
}

/** Latents [N, S, S, C] of what is wanted, by averaged weights in the student's own steps; a prompt has one noise in both rows. */
async function drawLatents(
  wanted: readonly Wanted[],
  student: TextStudent,
  options: Pick<TrainOptions, "runtime" | "signal">,
): Promise<Latent> {
  const { parent, config } = student;
  const { latentSize, unet } = parent;
  const cells = [latentSize, latentSize, unet.in_channels] as const;
  const rows = wanted.length;
  const prompts = config.sample_prompts.length;
  const source = new NoiseSource(
    wanted.map((_, i) => SEED + BigInt(i % prompts)),
    cells,
  );
  const denoiser = await compiled(wanted, student, [rows, ...cells], options);
  try {
    return await sampleToEnd({
      denoiser,
      // The graph holds the text encoder, and asks it for the captions itself.
      condition: { embeddings: floats([rows, 0, 0], []), conditional: wanted.map(() => true) },
      schedule: makeSchedule(schedulerConfig(schedulerOf(parent, config))),
      sampler: samplerOf(config),
      ...{
        steps: config.draw.steps,
        noise: source.next(),
        stepNoise: () => source.next(),
        signal: options.signal,
      },
    });
  } finally {
    await denoiser.release();
  }
}

/** Draws a sheet into the run's folder. */
export async function drawTextSheet(
  step: number,
  student: TextStudent,
  options: TrainOptions,
): Promise<void> {
  const { parent, config } = student;
  const wanted = wantedOf(config);
  const latents = await drawLatents(wanted, student, options);
  const pictures = await decodeLatents(latents, parent.autoencoder, options.runtime);
  const labels = wanted.map(labelOf);
  const columns = config.sample_prompts.length;
  const path = await writeSheet(options.folder, step, pictures, labels, columns);
  const { steps } = config.draw;
  options.onSheet?.(path, `samples of ${steps} steps at step ${step}: ${basename(path)}`);
}
