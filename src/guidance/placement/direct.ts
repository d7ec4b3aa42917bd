// Direct placement: D = A ⊙ W + S on the words' maps and the trailing ones, nothing renormalised
// (Ma et al., Directed Diffusion, AAAI 2024; in the form of TrailBlazer, arXiv 2401.00896, section 3.2).

import { isInRange } from "./region.js";
import type { EditRule } from "./region.js";
import { groupsOf, strengthening, weakening, writeColumns } from "./windows.js";
import type { MaskOptions } from "./windows.js";

export interface DirectOptions extends MaskOptions {
  /** Share of the noise range, from its noisy end, in which S is added; past it maps are only weakened outside. */
  readonly lift: number;
}

/** The edit of the words' maps and of the trailing maps. */
export function direct(options: DirectOptions): EditRule {
  return (placement, grid, { noiseLevel }) => {
    const width = placement.positions;
    const multiply = new Float32Array(grid.height * grid.width * width).fill(1);
    const relative = new Float32Array(grid.height * grid.width * width);
    const lifted = isInRange({ until: options.lift }, noiseLevel);
    for (const { owners, positions } of groupsOf(placement, options.trailing)) {
      writeColumns(multiply, width, positions, weakening(owners, grid, options.outside));
      if (!lifted) continue;
      writeColumns(relative, width, positions, strengthening(owners, grid, options));
    }
    return { multiply, relative };
  };
}
