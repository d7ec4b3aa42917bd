// The objective of Directed Diffusion (Ma et al., AAAI 2024): the words' maps are to look like their edited maps.

import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { add, div, mean, mul, reshape, sub, sum } from "../../engine/functions.js";
import type { Graph, Value } from "../../engine/graph.js";
import type { AttentionSite } from "../../nn/attention.js";
import type { Grid } from "./region.js";
import { writeColumns } from "./windows.js";

/** Which positions count, [rows, positions]: 1 for directed words, else 0. */
export const WORDS = "target.words";

/** The name of a site's targets, [rows, cells, positions]: columns of directed words sum to 1. */
export function targetName(site: string): string {
  return `target.${site}`;
}

// A map that is 0 everywhere must not divide by 0.
const LEAST_SUM = 1e-12;

/**
 * L = Σ over sites and words of mean over heads of cells · ‖norm(A) - target‖², where norm divides a map
 * by its sum. The factor lets coarse and fine sites weigh alike.
 */
export function placementLoss(graph: Graph, maps: ReadonlyMap<AttentionSite, Value>): Value {
  const losses = [...maps].map(([site, value]) => {
    const [rows, , cells, positions] = value.shape as [number, number, number, number];
    const target = graph.input(targetName(site.name), "float32", [rows, cells, positions]);
    const words = graph.input(WORDS, "float32", [rows, positions]);
    const norm = div(value, add(sum(value, { axes: [2], keepDims: true }), LEAST_SUM));
    const miss = sub(norm, reshape(target, [rows, 1, cells, positions]));
    const perHead = sum(mul(miss, miss), { axes: [2] });
    return mul(sum(mul(mean(perHead, { axes: [1] }), words)), cells);
  });
  return losses.reduce((total, loss) => add(total, loss));
}

/** The masks W and S [cells] of words that belong to the same boxes. */
export interface WordMasks {
  readonly positions: readonly number[];
  readonly weaken: Float32Array;
  readonly strengthen: Float32Array;
}

/**
 * A site's targets from its plain map (mean over heads, [cells, positions] of one picture) and the masks of
 * the words: norm(A ⊙ W + S · max(A)).
 */
export function targetsOf(
  plain: HostTensor<"float32">,
  grid: Grid,
  masks: readonly WordMasks[],
): HostTensor<"float32"> {
  const positions = plain.shape.at(-1)!;
  const cells = grid.height * grid.width;
  const peak = plain.data.reduce((most, value) => Math.max(most, value), 0);
  const targets = new Float32Array(cells * positions);
  for (const mask of masks) {
    for (const position of mask.positions) {
      const edited = mask.weaken.map(
        (w, cell) => plain.data[cell * positions + position]! * w + mask.strengthen[cell]! * peak,
      );
      const total = edited.reduce((a, b) => a + b, 0) || 1;
      writeColumns(
        targets,
        positions,
        [position],
        edited.map((value) => value / total),
      );
    }
  }
  return floats([1, cells, positions], targets);
}
