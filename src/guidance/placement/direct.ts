// Direct placement: D = A ⊙ W + S on the words' maps and the trailing ones, nothing renormalised
// (Ma et al., Directed Diffusion, AAAI 2024; in the form of TrailBlazer, arXiv 2401.00896, section 3.2).

import type { EditRule } from "./region.js";
import { groupsOf, strengthening, weakening, writeColumns } from "./windows.js";
import type { MaskOptions } from "./windows.js";

/** The edit of the words' maps and of the trailing maps. */
export function direct(options: MaskOptions): EditRule {
  return (placement, grid) => {
    const width = placement.positions;
    const multiply = new Float32Array(grid.height * grid.width * width).fill(1);
    const relative = new Float32Array(grid.height * grid.width * width);
    for (const { owners, positions } of groupsOf(placement, options.trailing)) {
      writeColumns(multiply, width, positions, weakening(owners, grid, options.outside));
      writeColumns(relative, width, positions, strengthening(owners, grid, options));
    }
    return { multiply, relative };
  };
}
