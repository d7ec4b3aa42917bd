// The loss of a progressive text-to-image student, taken on the host: the networks alone are asked in a graph.

import { floats, integers } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import type { Level } from "../../src/diffusion/index.js";
import { frozenWeights } from "../../src/distillation/index.js";
import type { TextParent } from "../../src/distillation/text-run/parent.js";
import { Graph } from "../../src/engine/graph.js";
import type { Tensors } from "../../src/engine/runtime/session.js";
import { textEncoder } from "../../src/models/text-encoder/index.js";
import { unet } from "../../src/models/unet/index.js";
import { runOnce } from "../models/goldens.js";

type Named = ReadonlyMap<string, HostTensor>;
type Values = readonly number[];

export interface Progressive {
  readonly steps: number;
  readonly substeps: number;
  readonly cfg: number;
  /** The student's network. */
  readonly student: Named;
}

const CLEAN: Level = { alpha: 1, sigma: 0, timestep: 0 };

/** The level at t, as trailing spacing has it; without noise at 0. */
function levelOf({ schedule }: TextParent, t: number): Level {
  if (t === 0) return CLEAN;
  const timestep = Math.max(0, Math.round(t * schedule.trainTimesteps) - 1);
  const bar = schedule.alphasCumprod[timestep]!;
  return { alpha: Math.sqrt(bar), sigma: Math.sqrt(1 - bar), timestep };
}

/** Latents of a batch, number by number, with the level of each. */
const eachOf = (
  x: Values,
  levels: readonly Level[],
  of: (v: number, l: Level, i: number) => number,
) => x.map((value, i) => of(value, levels[Math.floor((i * levels.length) / x.length)]!, i));

/** The clean latents behind x from a velocity: αx - σv. */
async function answer(
  parent: TextParent,
  weights: Named,
  x: Values,
  levels: readonly Level[],
  ids: HostTensor,
): Promise<number[]> {
  const rows = levels.length;
  const side = parent.latentSize;
  const shape = [rows, side, side, x.length / (rows * side * side)];
  const graph = new Graph();
  const sample = graph.input("sample", "float32", shape);
  const timestep = graph.input("timestep", "float32", [rows]);
  const tokens = graph.input("ids", "int64", ids.shape);
  const text = frozenWeights(graph, "text", parent.text.weights);
  const context = textEncoder(text, parent.text.config, tokens).lastHiddenState;
  const network = frozenWeights(graph, "unet", weights);
  graph.output("v", unet(network, parent.unet, { sample, timestep, context }));
  const times = levels.map((level) => level.timestep);
  const feeds = { sample: floats(shape, x), timestep: floats([rows], times), ids };
  const v = (await runOnce(graph, feeds))["v"]!.data;
  return eachOf(x, levels, (value, { alpha, sigma }, i) => alpha * value - sigma * Number(v[i]));
}

/** Where the teacher's guided DDIM steps lead, from the first of some levels to the last. */
async function walked(
  parent: TextParent,
  noisy: Values,
  way: readonly (readonly Level[])[],
  { cfg, ids }: { readonly cfg: number; readonly ids: HostTensor },
): Promise<Values> {
  const empty = parent.tokenizer.encode("").ids;
  const none = integers(ids.shape, Array.from({ length: ids.shape[0]! }, () => [...empty]).flat());
  let here = noisy;
  for (const [j, levels] of way.slice(0, -1).entries()) {
    const told = await answer(parent, parent.weights, here, levels, ids);
    const free = await answer(parent, parent.weights, here, levels, none);
    const x0 = told.map((value, i) => free[i]! + cfg * (value - free[i]!));
    const left = eachOf(here, levels, (value, l, i) => (value - l.alpha * x0[i]!) / l.sigma);
    here = eachOf(x0, way[j + 1]!, (value, l, i) => l.alpha * value + l.sigma * left[i]!);
  }
  return here;
}

/**
 * The loss of a batch: where the teacher leads from each noisy latent, and what a single step that ends there has to predict.
 *
 * @param batch - as TextStudentBatches gives it: its times are read off the first timesteps
 */
export async function progressiveLossByHand(
  parent: TextParent,
  batch: Tensors,
  { steps, substeps, cfg, student }: Progressive,
): Promise<number> {
  const numbers = (name: string): number[] => Array.from(batch[name]!.data, Number);
  const ids = batch["ids"]!;
  const intervals = numbers("path.0.timestep").map((timestep) =>
    Math.round(((timestep + 1) / parent.schedule.trainTimesteps) * steps),
  );
  const way = Array.from({ length: substeps + 1 }, (_, j) =>
    intervals.map((i) => levelOf(parent, (i * substeps - j) / (steps * substeps))),
  );
  const [start, end] = [way[0]!, way.at(-1)!];
  const noise = numbers("noise");
  const noisy = eachOf(
    numbers("pictures"),
    start,
    (value, { alpha, sigma }, i) => alpha * value + sigma * noise[i]!,
  );
  const arrival = await walked(parent, noisy, way, { cfg, ids });
  const made = await answer(parent, student, noisy, start, ids);
  const [signal, left] = [
    eachOf(noisy, end, (_, l) => l.alpha),
    eachOf(noisy, end, (_, l) => l.sigma),
  ];
  const losses = eachOf(noisy, start, (x, { alpha, sigma }, i) => {
    const ratio = left[i]! / sigma;
    const target = (arrival[i]! - ratio * x) / (signal[i]! - ratio * alpha);
    return Math.max(1, (alpha / sigma) ** 2) * (made[i]! - target) ** 2;
  });
  return losses.reduce((sum, value) => sum + value, 0) / losses.length;
}
