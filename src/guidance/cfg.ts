// Classifier-free guidance (Ho & Salimans 2022): away from the unconditional expectation, towards the prompt's.

import { weightedSum } from "../diffusion/index.js";
import type { Condition, Denoiser, Latent, Prediction } from "../diffusion/index.js";
import { pickRows, stackRows } from "./rows.js";

/**
 * A denoiser that leads away from `negative`: x0 = u + scale (c - u), from one batch of twice the rows,
 * the unconditional ones first. What it reads and differentiates concerns the given rows alone.
 *
 * @param negative - embeddings of the empty or the negative prompt, one for all rows or one each, [1 or N, T, D]
 * @param scale - 1 is no guidance: the denoiser itself, at half the cost
 */
export function guided(
  denoiser: Denoiser,
  negative: Condition["embeddings"],
  scale: number,
): Denoiser {
  if (scale === 1) return denoiser;
  return {
    async denoise(x, level, condition, request): Promise<Prediction> {
      const rows = x.shape[0]!;
      const both = await denoiser.denoise(
        stackRows([x, x]),
        level,
        doubled(condition, negative, rows),
        request,
      );
      const half = (start: number): Latent =>
        pickRows(
          both.x0,
          Array.from({ length: rows }, (_, i) => start + i),
        );
      const x0 = weightedSum([1 - scale, half(0)], [scale, half(rows)]);
      return both.maps ? { x0, maps: both.maps } : { x0 };
    },
    ...(denoiser.pullback ? { pullback: denoiser.pullback.bind(denoiser) } : {}),
  };
}

/** A network that was distilled to take guidance as a number, told `scale` at every evaluation. */
export function told(denoiser: Denoiser, scale: number): Denoiser {
  const tell = (condition: Condition): Condition => ({ ...condition, guidance: scale });
  return {
    denoise: (x, level, condition, request) => denoiser.denoise(x, level, tell(condition), request),
    ...(denoiser.pullback && {
      pullback: (x, level, condition, request, objective) =>
        denoiser.pullback!(x, level, tell(condition), request, objective),
    }),
  };
}

function doubled(condition: Condition, negative: Condition["embeddings"], rows: number): Condition {
  const leading =
    negative.shape[0] === rows ? negative : pickRows(negative, new Array<number>(rows).fill(0));
  return {
    ...condition,
    embeddings: stackRows([leading, condition.embeddings]),
    conditional: [...new Array<boolean>(rows).fill(false), ...condition.conditional],
  };
}
