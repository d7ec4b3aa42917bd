// Direct placement: D = A ⊙ W + S on the words' maps and the trailing ones, nothing renormalised
// (Ma et al., Directed Diffusion, AAAI 2024; in the form of TrailBlazer, arXiv 2401.00896, section 3.2).

import type { EditRule } from "./region.js";
import { ownersByPosition, strengthening, weakening, writeColumn } from "./windows.js";
import type { MaskOptions } from "./windows.js";

/** The edit of the words' maps and of the trailing maps. */
export function direct(options: MaskOptions): EditRule {
  return (placement, grid) => {
    const { positions } = placement;
    const size = grid.height * grid.width * positions;
    const multiply = new Float32Array(size).fill(1);
    const relative = new Float32Array(size);
    for (const [position, owners] of ownersByPosition(placement, options.trailing)) {
      writeColumn(multiply, positions, position, weakening(owners, grid, options.outside));
      writeColumn(relative, positions, position, strengthening(owners, grid, options));
    }
    return { multiply, relative };
  };
}
