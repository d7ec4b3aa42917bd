// Reads cross-attention maps of a model folder at chosen noise levels.

import { join } from "node:path";
import { Generator } from "../../src/core/generator.js";
import { floats, integers } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { addNoise, toX0 } from "../../src/diffusion/parameterisations.js";
import { levelAt, makeSchedule } from "../../src/diffusion/schedule.js";
import type { Schedule } from "../../src/diffusion/schedule.js";
import { schedulerConfig } from "../../src/diffusion/scheduler-config.js";
import { mean } from "../../src/engine/functions.js";
import { Graph } from "../../src/engine/graph.js";
import type { Session } from "../../src/engine/runtime/session.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { readJsonObject } from "../../src/io/json.js";
import { openSafetensors } from "../../src/io/safetensors.js";
import { parseTextEncoderConfig, textEncoder } from "../../src/models/text-encoder/index.js";
import { loadTokenizer } from "../../src/models/tokenizer/folder.js";
import type { Tokenizer } from "../../src/models/tokenizer/index.js";
import { parseUNetConfig, sitesOf, unet } from "../../src/models/unet/index.js";
import type { UNetConfig } from "../../src/models/unet/index.js";
import { encodeTiny, parseAutoencoderTinyConfig } from "../../src/models/vae/index.js";
import type { AttentionSite } from "../../src/nn/attention.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { toSignedUnit } from "../../src/training/data/latents.js";
import type { ProbeScene } from "./scenes.js";

const BATCH = 10;
const TRAIN_TIMESTEPS = 1000;
const SEED = 77n;

export interface Concentration {
  /** Share of the noun's attention inside the true box, and the box's share of the picture. */
  readonly mass: number;
  readonly area: number;
  /** mass / area at each coarse site. */
  readonly sites: Readonly<Record<string, number>>;
}

async function weightsOf(path: string): Promise<Map<string, HostTensor>> {
  return (await openSafetensors(path)).readAllFloat32();
}

/** Share of a box in each cell of a grid, rows first. */
function coverage(
  [x0, y0, x1, y1]: readonly [number, number, number, number],
  site: AttentionSite,
): number[] {
  const overlap = (low: number, high: number, cell: number, cells: number): number =>
    Math.max(0, Math.min(high * cells, cell + 1) - Math.max(low * cells, cell));
  return Array.from({ length: site.height * site.width }, (_, i) => {
    const row = Math.floor(i / site.width);
    return overlap(y0, y1, row, site.height) * overlap(x0, x1, i % site.width, site.width);
  });
}

/** One batch of noised scenes, and what the network's coarse sites looked at. */
export interface Observation {
  /** Noised latents in the denoiser's scale, [BATCH, h, w, C]. */
  readonly noisy: HostTensor<"float32">;
  /** Means over heads by site, [BATCH, cells, positions]. */
  readonly maps: Readonly<Record<string, HostTensor<"float32">>>;
}

/** The network's graph with one more output for each site, named for it: the maps' means over heads. */
function watched(
  weights: ReadonlyMap<string, HostTensor>,
  config: UNetConfig,
  { sample, context }: Readonly<Record<"sample" | "context", readonly number[]>>,
  sites: readonly AttentionSite[],
): Graph {
  const network = new Graph();
  const output = unet(new ConstantWeights(network, weights), config, {
    sample: network.input("sample", "float32", sample),
    timestep: network.input("timestep", "float32", [BATCH]),
    context: network.input("context", "float32", context),
    policy: {
      at: (site) => (maps) => {
        if (sites.some(({ name }) => name === site.name)) {
          network.output(site.name, mean(maps, { axes: [1] }));
        }
        return maps;
      },
    },
  });
  network.output("output", output);
  return network;
}

export class LocalisationProbe {
  /** Scenes of one batch. */
  static readonly batch = BATCH;

  private constructor(
    readonly tokenizer: Tokenizer,
    private readonly schedule: Schedule,
    private readonly scalingFactor: number,
    private readonly encoder: Session,
    private readonly text: Session,
    private readonly network: Session,
    /** The coarse sites of cross-attention. */
    readonly sites: readonly AttentionSite[],
  ) {}

  static async open(folder: string): Promise<LocalisationProbe> {
    const runtime = nodeRuntime();
    const config = (part: string) => readJsonObject(join(folder, part, "config.json"));
    const tokenizer = await loadTokenizer(join(folder, "tokenizer"));
    const vae = parseAutoencoderTinyConfig(await config("vae"));
    const unetConfig = parseUNetConfig(await config("unet"));
    const textConfig = parseTextEncoderConfig(await config("text_encoder"));
    const name = "diffusion_pytorch_model.safetensors";

    const encoding = new Graph();
    const pictures = encoding.input("pictures", "float32", [BATCH, 96, 96, 3]);
    const vaeWeights = new ConstantWeights(encoding, await weightsOf(join(folder, "vae", name)));
    const latents = encoding.output("latents", encodeTiny(vaeWeights, vae, pictures));

    const texts = new Graph();
    const ids = texts.input("ids", "int64", [BATCH, tokenizer.maxLength]);
    const textWeights = await weightsOf(join(folder, "text_encoder", "model.safetensors"));
    const encoded = textEncoder(new ConstantWeights(texts, textWeights), textConfig, ids);
    const context = texts.output("context", encoded.lastHiddenState);

    const [, side] = latents.shape as [number, number];
    const coarse = sitesOf(unetConfig, side, side, tokenizer.maxLength).filter(
      ({ kind, height }) => kind === "cross" && height < side,
    );
    const unetWeights = await weightsOf(join(folder, "unet", name));
    const shapes = { sample: latents.shape, context: context.shape };
    const network = watched(unetWeights, unetConfig, shapes, coarse);
    const schedule = makeSchedule(
      schedulerConfig(await readJsonObject(join(folder, "scheduler", "scheduler_config.json"))),
    );
    return new LocalisationProbe(
      tokenizer,
      schedule,
      vae.scaling_factor,
      await runtime.compile(encoding),
      await runtime.compile(texts),
      await runtime.compile(network),
      coarse,
    );
  }

  private async prepared(scenes: readonly ProbeScene[], level: number, generator: Generator) {
    const bytes = 96 * 96 * 3;
    const pixels = new Float32Array(BATCH * bytes);
    scenes.forEach(({ picture }, i) => toSignedUnit(picture, pixels, i * bytes));
    const { latents } = await this.encoder.run({ pictures: floats([BATCH, 96, 96, 3], pixels) });
    const scaled = (latents!.data as Float32Array).map((value) => value * this.scalingFactor);
    const at = levelAt(this.schedule, Math.round(level * (TRAIN_TIMESTEPS - 1)));
    const x0 = floats(latents!.shape, scaled);
    const sample = addNoise(x0, generator.randn(x0.shape), at);
    const timestep = floats([BATCH], new Float32Array(BATCH).fill(at.timestep));
    const ids = integers(
      [BATCH, this.tokenizer.maxLength],
      scenes.flatMap(({ encoding }) => [...encoding.ids]),
    );
    const { context } = await this.text.run({ ids });
    return { x0, sample, timestep, context: context as HostTensor<"float32">, at };
  }

  /** Noises one batch of scenes to a fraction of the timestep range and reads its maps. */
  async observe(scenes: readonly ProbeScene[], level: number): Promise<Observation> {
    const { at: _at, x0: _x0, ...feeds } = await this.prepared(scenes, level, new Generator(SEED));
    const outputs = await this.network.run(feeds);
    const maps = this.sites.map(({ name }) => [name, outputs[name]]);
    return {
      noisy: feeds.sample,
      maps: Object.fromEntries(maps) as Observation["maps"],
    };
  }

  /** Per thing: how much of its noun's attention lies in its box. `scenes` in whole batches. */
  async concentrations(scenes: readonly ProbeScene[], level: number): Promise<Concentration[]> {
    const generator = new Generator(SEED);
    const found: Concentration[] = [];
    for (let start = 0; start + BATCH <= scenes.length; start += BATCH) {
      const group = scenes.slice(start, start + BATCH);
      const { sample, timestep, context } = await this.prepared(group, level, generator);
      const maps = await this.network.run({ sample, timestep, context });
      group.forEach((scene, row) => {
        for (const { tokens, box } of scene.things) {
          const [x0, y0, x1, y1] = box;
          const area = (x1 - x0) * (y1 - y0);
          const shares = this.sites.map((site) =>
            massInside(maps[site.name]!, row, tokens, coverage(box, site)),
          );
          const mass = shares.reduce((a, b) => a + b, 0) / shares.length;
          const sites = Object.fromEntries(
            this.sites.map(({ name }, i) => [name, shares[i]! / area]),
          );
          found.push({ mass, area, sites });
        }
      });
    }
    return found;
  }

  /** Mean squared error of the expected latents, over scenes in whole batches; the noise is the same at every call. */
  async error(scenes: readonly ProbeScene[], level: number): Promise<number> {
    const generator = new Generator(SEED);
    const { prediction } = this.schedule.config;
    let total = 0;
    for (let start = 0; start + BATCH <= scenes.length; start += BATCH) {
      const group = scenes.slice(start, start + BATCH);
      const { x0, sample, timestep, context, at } = await this.prepared(group, level, generator);
      const { output } = await this.network.run({ sample, timestep, context });
      const told = toX0(prediction, output as HostTensor<"float32">, sample, at).data;
      total += distance(told, x0.data) ** 2;
    }
    return total / Math.floor(scenes.length / BATCH);
  }

  /** Root mean square change of x0 when a caption's trailing positions, or its words, come from another of its length. */
  async swaps(scenes: readonly ProbeScene[], level: number) {
    const generator = new Generator(SEED);
    const found: { trailing: number; words: number }[] = [];
    const byLength = groupBy(scenes, ({ encoding }) => encoding.length);
    for (const [length, group] of byLength) {
      for (let start = 0; start + BATCH <= group.length; start += BATCH) {
        const some = group.slice(start, start + BATCH);
        const { sample, timestep, context, at } = await this.prepared(some, level, generator);
        const x0Of = async (embeddings: HostTensor<"float32">) => {
          const { output } = await this.network.run({ sample, timestep, context: embeddings });
          const { prediction } = this.schedule.config;
          return toX0(prediction, output as HostTensor<"float32">, sample, at).data;
        };
        const plain = await x0Of(context);
        const last = length - 1;
        const trailing = await x0Of(mixed(context, (position) => position >= last));
        const words = await x0Of(mixed(context, (position) => position < last));
        found.push({ trailing: distance(plain, trailing), words: distance(plain, words) });
      }
    }
    return found;
  }
}

function groupBy<T>(list: readonly T[], key: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of list) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** Share of a token's attention that lies under a mask; several tokens are added up. */
function massInside(
  map: HostTensor,
  row: number,
  tokens: readonly number[],
  mask: readonly number[],
): number {
  const [, cells, width] = map.shape as [number, number, number];
  const data = map.data as Float32Array;
  let inside = 0;
  let total = 0;
  for (let cell = 0; cell < cells; cell++) {
    for (const token of tokens) {
      const value = data[(row * cells + cell) * width + token]!;
      inside += value * mask[cell]!;
      total += value;
    }
  }
  return inside / total;
}

/** Each row's positions that `other` picks come from the next row. */
function mixed(
  context: HostTensor<"float32">,
  other: (position: number) => boolean,
): HostTensor<"float32"> {
  const [rows, positions, width] = context.shape as [number, number, number];
  const data = context.data.slice();
  for (let row = 0; row < rows; row++) {
    for (let position = 0; position < positions; position++) {
      if (!other(position)) continue;
      const from = (((row + 1) % rows) * positions + position) * width;
      data.set(context.data.subarray(from, from + width), (row * positions + position) * width);
    }
  }
  return floats(context.shape, data);
}

function distance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0) / a.length);
}
