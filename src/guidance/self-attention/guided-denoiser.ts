// Self-attention guidance while sampling (Hong et al. 2023), around any denoiser whose maps can be read.

import { FollowspotError } from "../../core/errors.js";
import { floats } from "../../core/tensor.js";
import { clipped, weightedSum } from "../../diffusion/index.js";
import type { Denoiser, Latent, Prediction, Request } from "../../diffusion/index.js";
import { blurFor, blurMatrix } from "./blur.js";
import type { Blur } from "./blur.js";
import { DEFAULT_SCALE, DEFAULT_THRESHOLD } from "./guide.js";
import type { AttentionGuidance } from "./guide.js";
import { gridOf, nearestIndex } from "./mask.js";

/**
 * A denoiser that leads away from what it makes of its own prediction blurred where it attends. The same
 * arithmetic as `attentionGuided` in a graph, in double precision. Put it outside classifier-free guidance,
 * so that every row has maps.
 *
 * @param site - name of a self-attention site of the denoiser
 */
export function selfAttentionGuided(
  denoiser: Denoiser,
  site: string,
  guidance: AttentionGuidance = {},
): Denoiser {
  const { scale = DEFAULT_SCALE, threshold = DEFAULT_THRESHOLD, clamp, form = "exact" } = guidance;
  if (scale === 1 && clamp === undefined) return denoiser;
  const weight = scale - 1;
  return {
    async denoise(x, level, condition, request = {}): Promise<Prediction> {
      const read = [...new Set([...(request.read ?? []), site])];
      const first = await denoiser.denoise(x, level, condition, { ...request, read });
      const x0 = clipped(first.x0, clamp);
      if (weight === 0) return withMaps(x0, first, request);
      const [, height, width] = x.shape as [number, number, number, number];
      const mask = maskOf(mapsAt(first, site, x), threshold, x);
      const blur = guidance.blur ?? blurFor(Math.min(height, width));
      const clean = blurUnder(x0, mask, blur);
      const noisy = weightedSum([1, x], [level.alpha, clean], [-level.alpha, x0]);
      const { read: _read, ...plain } = request;
      const second = await denoiser.denoise(noisy, level, condition, plain);
      const worse = clipped(second.x0, clamp);
      const better = form === "exact" ? clean : x0;
      const guided = weightedSum([1, x0], [weight, better], [-weight, worse]);
      return withMaps(clipped(guided, clamp), first, request);
    },
    ...(denoiser.pullback ? { pullback: denoiser.pullback.bind(denoiser) } : {}),
  };
}

/** A prediction with those maps alone that were asked for. */
function withMaps(x0: Latent, { maps = {} }: Prediction, { read = [] }: Request): Prediction {
  if (read.length === 0) return { x0 };
  return { x0, maps: Object.fromEntries(read.map((name) => [name, maps[name]!])) };
}

function mapsAt({ maps }: Prediction, site: string, x: Latent): Latent {
  const found = maps?.[site];
  if (found && found.shape[0] === x.shape[0] && found.shape[1] === found.shape[2]) return found;
  const rows = `${x.shape[0]} rows of square maps`;
  throw new FollowspotError(
    `self-attention guidance: ${site}: expected ${rows}, got ${found?.shape.join("x") ?? "none"}.`,
    { remedy: "Name a self-attention site, and put classifier-free guidance inside." },
  );
}

/** 1 where a cell of the pictures is attended to above the threshold: maps [N, cells, cells] -> [N · H · W]. */
function maskOf(maps: Latent, threshold: number, x: Latent): Uint8Array {
  const [n, height, width] = x.shape as [number, number, number, number];
  const cells = maps.shape[2]!;
  const grid = gridOf(cells, { height, width });
  const rows = nearestIndex(grid.height, height);
  const columns = nearestIndex(grid.width, width);
  const mask = new Uint8Array(n * height * width);
  for (let picture = 0; picture < n; picture++) {
    const received = new Float64Array(cells);
    const start = picture * cells * cells;
    for (let i = 0; i < cells * cells; i++) received[i % cells]! += maps.data[start + i]!;
    for (let i = 0; i < height * width; i++) {
      const key = rows[Math.floor(i / width)]! * grid.width + columns[i % width]!;
      mask[picture * height * width + i] = received[key]! > threshold ? 1 : 0;
    }
  }
  return mask;
}

/** The pictures with what lies under the mask blurred. */
function blurUnder(x0: Latent, mask: Uint8Array, blur: Blur): Latent {
  const [n, height, width, channels] = x0.shape as [number, number, number, number];
  const down = alongAxis(Float64Array.from(x0.data), blurMatrix(height, blur), {
    outer: n,
    inner: width * channels,
  });
  const both = alongAxis(down, blurMatrix(width, blur), { outer: n * height, inner: channels });
  const mixed = x0.data.map((value, i) => (mask[Math.floor(i / channels)] ? both[i]! : value));
  return floats(x0.shape, mixed);
}

/** A square matrix times the middle axis of [outer, size, inner]. */
function alongAxis(
  x: Float64Array,
  matrix: Float64Array,
  { outer, inner }: { readonly outer: number; readonly inner: number },
): Float64Array {
  const size = Math.sqrt(matrix.length);
  const y = new Float64Array(x.length);
  for (let o = 0; o < outer; o++) {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) {
        const factor = matrix[row * size + column]!;
        if (factor === 0) continue;
        const [to, from] = [(o * size + row) * inner, (o * size + column) * inner];
        for (let i = 0; i < inner; i++) y[to + i]! += factor * x[from + i]!;
      }
    }
  }
  return y;
}
