// Directed Diffusion as published (Ma et al., AAAI 2024): weights of the trailing maps are sought at sampling time
// so that the words' own maps activate in their boxes; the words' maps are never written.

import type { Denoiser } from "../../diffusion/index.js";
import { editTensors } from "./edit.js";
import { momentOf } from "./placed.js";
import type { PlacedOptions } from "./placed.js";
import { directedAt } from "./region.js";
import { findWeights, targetsAt, trailingEdit } from "./search.js";
import type { SearchOptions } from "./search.js";

export interface OptimisedOptions extends Omit<PlacedOptions, "rule"> {
  readonly search: SearchOptions;
  /** Told each picture's losses at each directed step, none higher than the one before. */
  readonly onDescent?: (row: number, losses: readonly number[]) => void;
}

/**
 * A denoiser whose trailing maps are a_j D^(j) at the directed steps. It goes on from the weights of the step
 * before, so it is made anew for each run.
 *
 * @param conditional - the denoiser without guidance, which the search asks
 */
export function optimised(
  denoiser: Denoiser,
  conditional: Denoiser,
  options: OptimisedOptions,
): Denoiser {
  const { placements, grids, search, read = [], otherwise = "plain" } = options;
  const weights: (Float32Array | undefined)[] = placements.map(() => undefined);
  return {
    async denoise(x, level, condition, request) {
      const moment = momentOf(options, level);
      const directed = placements.map((each) => directedAt(each, moment.noiseLevel));
      const isIdle = directed.every(({ regions }) => regions.length === 0);
      if (isIdle && otherwise === "plain") {
        return denoiser.denoise(x, level, condition, request);
      }
      const reading = { read: search.sites };
      const plain = isIdle ? undefined : await conditional.denoise(x, level, condition, reading);
      for (const [row, placement] of directed.entries()) {
        if (placement.regions.length === 0) continue;
        const targets = targetsAt(placement, plain!.maps!, row, search);
        const question = { x, level, condition, row, placement, targets, start: weights[row] };
        const { point, losses } = await findWeights(conditional, question, search);
        weights[row] = point;
        options.onDescent?.(row, losses);
      }
      const edits = grids.map((grid) =>
        editTensors(
          grid,
          directed.map((placement, row) => trailingEdit(placement, grid, search, weights[row])),
          placements[0]!.positions,
        ),
      );
      const all = Object.assign({ ...request?.edits }, ...edits) as Record<string, never>;
      return denoiser.denoise(x, level, condition, { ...request, read, edits: all });
    },
  };
}
