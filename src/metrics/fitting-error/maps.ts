// Where a prediction of clean pictures errs: squared errors by pixel, for a fixed noise level.

/** Extents of a batch of pictures: [n, height, width, channels]. */
export type BatchShape = readonly [n: number, height: number, width: number, channels: number];

/** Throws when an array has not as many numbers as its shape says. */
export function checkLength(operation: string, values: ArrayLike<number>, expected: number): void {
  if (values.length === expected) return;
  throw new Error(`${operation}: expected ${expected} numbers, got ${values.length}`);
}

/** Squared differences, mean over the channels: [n, h, w] from two batches [n, h, w, c]. */
export function errorMaps(
  prediction: ArrayLike<number>,
  target: ArrayLike<number>,
  [n, height, width, channels]: BatchShape,
): Float64Array {
  const pixels = n * height * width;
  checkLength("error maps", prediction, pixels * channels);
  checkLength("error maps", target, pixels * channels);
  const maps = new Float64Array(pixels);
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < channels; c++) {
      const difference = prediction[i * channels + c]! - target[i * channels + c]!;
      maps[i]! += (difference * difference) / channels;
    }
  }
  return maps;
}

/** The mean of maps [n, h, w] over the pictures: [h, w]. This is F_t where all have one noise level. */
export function meanMap(maps: Float64Array, n: number): Float64Array {
  const pixels = maps.length / n;
  const mean = new Float64Array(pixels);
  maps.forEach((value, i) => (mean[i % pixels]! += value / n));
  return mean;
}

/**
 * Local variance of pictures [n, h, w, c] in windows of `2 radius + 1` pixels (fewer at the border), mean
 * over the channels: [n, h, w].
 */
export function localVariance(
  pictures: ArrayLike<number>,
  [n, height, width, channels]: BatchShape,
  radius = 1,
): Float64Array {
  checkLength("local variance", pictures, n * height * width * channels);
  const maps = new Float64Array(n * height * width);
  for (let i = 0; i < maps.length; i++) {
    const column = i % width;
    const row = Math.floor(i / width) % height;
    const first = i - row * width - column; // the picture's first pixel
    const [top, bottom] = [Math.max(0, row - radius), Math.min(height - 1, row + radius)];
    const [left, right] = [Math.max(0, column - radius), Math.min(width - 1, column + radius)];
    const count = (bottom - top + 1) * (right - left + 1);
    for (let c = 0; c < channels; c++) {
      let [sum, squares] = [0, 0];
      for (let y = top; y <= bottom; y++) {
        for (let x = left; x <= right; x++) {
          const value = pictures[(first + y * width + x) * channels + c]!;
          sum += value;
          squares += value * value;
        }
      }
      const mean = sum / count;
      maps[i]! += Math.max(0, squares / count - mean * mean) / channels;
    }
  }
  return maps;
}

/** Magnitude of the local gradient of pictures [n, h, w, c] by central differences, mean over the channels: [n, h, w]. */
export function gradientMagnitude(
  pictures: ArrayLike<number>,
  [n, height, width, channels]: BatchShape,
): Float64Array {
  checkLength("gradient", pictures, n * height * width * channels);
  const maps = new Float64Array(n * height * width);
  const slope = (i: number, c: number, at: number, extent: number, step: number): number => {
    const [before, after] = [at > 0 ? step : 0, at < extent - 1 ? step : 0];
    if (before + after === 0) return 0;
    const high = pictures[(i + after) * channels + c]!;
    const low = pictures[(i - before) * channels + c]!;
    return (high - low) / ((before + after) / step);
  };
  for (let i = 0; i < maps.length; i++) {
    const column = i % width;
    const row = Math.floor(i / width) % height;
    for (let c = 0; c < channels; c++) {
      const [x, y] = [slope(i, c, column, width, 1), slope(i, c, row, height, width)];
      maps[i]! += Math.hypot(x, y) / channels;
    }
  }
  return maps;
}
