// Gaussian blur with reflected borders, as a matrix along each axis: torchvision's gaussian_blur.

import { FollowspotError } from "../../core/errors.js";
import { floats } from "../../core/tensor.js";
import { matmul, reshape } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";

export interface Blur {
  /** Taps along an axis; odd. */
  readonly kernel: number;
  /** Standard deviation in cells. */
  readonly sigma: number;
}

const DEVIATION_AT_64 = 3;
const REACH = 5; // deviations that the kernel reaches

/** The setting that grows with the picture: sigma is 3 cells at 64, and the kernel reaches five deviations. */
export function blurFor(size: number): Blur {
  const sigma = (DEVIATION_AT_64 * size) / 64;
  const half = Math.min(Math.max(Math.floor(REACH * sigma), 1), size - 1);
  return { kernel: 2 * half + 1, sigma };
}

/** Weights of the taps, which sum to 1. */
function taps({ kernel, sigma }: Blur): Float64Array {
  const half = (kernel - 1) / 2;
  const weights = Float64Array.from({ length: kernel }, (_, i) =>
    Math.exp(-0.5 * ((i - half) / sigma) ** 2),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/**
 * The blur of a line of `size` cells as a matrix, row-major [size, size].
 *
 * @throws FollowspotError when the kernel is even, or reaches so far that no border can be reflected
 */
export function blurMatrix(size: number, blur: Blur): Float64Array {
  const half = (blur.kernel - 1) / 2;
  if (!Number.isInteger(half) || half < 0 || half >= size || !(blur.sigma > 0)) {
    throw new FollowspotError(
      `blur: expected an odd kernel below ${2 * size} for ${size} cells and sigma > 0, ` +
        `got kernel ${blur.kernel}, sigma ${blur.sigma}.`,
      { remedy: "Take a smaller kernel, or the setting that follows the size." },
    );
  }
  const matrix = new Float64Array(size * size);
  const weights = taps(blur);
  for (let row = 0; row < size; row++) {
    weights.forEach((weight, tap) => {
      const column = Math.abs(row + tap - half);
      matrix[row * size + (column < size ? column : 2 * (size - 1) - column)]! += weight;
    });
  }
  return matrix;
}

/** Blurred pictures, [N, H, W, C] -> [N, H, W, C]. Throws as `blurMatrix`. */
export function blurred(x: Value, blur: Blur): Value {
  const [n, height, width, channels] = x.shape as [number, number, number, number];
  const matrix = (size: number): Value => {
    const values = Float32Array.from(blurMatrix(size, blur));
    const name = `blur.${size}.${blur.kernel}.${blur.sigma}`;
    return x.graph.constant(floats([size, size], values), name);
  };
  const down = matmul(matrix(height), reshape(x, [n, height, width * channels]));
  const across = matmul(matrix(width), reshape(down, [n * height, width, channels]));
  return reshape(across, x.shape);
}
