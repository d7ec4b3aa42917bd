// What a generator may do to a picture without changing what it shows: blur, noise, blocks, other tones, wobbling outlines.

import { Generator } from "../../core/generator.js";
import { chance, uniform } from "../scenes/choose.js";
import type { RandomSource } from "../scenes/index.js";

const CHANNELS = 3;
const NOISE_COUNT = 1 << 16;

let noise: Float32Array | undefined;

/** A fixed table of standard normals, read from random places: drawing them anew would cost more than the network. */
function noiseTable(): Float32Array {
  noise ??= new Generator(0n).randn([NOISE_COUNT]).data;
  return noise;
}

/** Values of a picture (0..255, side x side x 3), changed in place or replaced. */
export type Augmentation = (
  generator: RandomSource,
  values: Float32Array,
  side: number,
) => Float32Array;

/** Brightness, contrast and each channel's gain, too little to turn one colour into another. */
export const tone: Augmentation = (generator, values) => {
  const contrast = uniform(generator, 0.75, 1.12);
  const shift = uniform(generator, -14, 14);
  const gains = [0, 1, 2].map(() => uniform(generator, 0.94, 1.06) * contrast);
  for (let i = 0; i < values.length; i++) {
    values[i] = (values[i]! - 128) * gains[i % CHANNELS]! + 128 + shift;
  }
  return values;
};

/** A binomial blur of 3 x 3, once to three times. */
export const blur: Augmentation = (generator, values, side) => {
  const rounds = 1 + Math.floor(generator.random() * 3);
  let current = values;
  for (let round = 0; round < rounds; round++) {
    const across = smooth(current, side, CHANNELS, side * CHANNELS);
    current = smooth(across, side, side * CHANNELS, CHANNELS);
  }
  return current;
};

/** (1, 2, 1) / 4 along the axis whose neighbours are `step` apart; the other axis has `other`. */
function smooth(values: Float32Array, side: number, step: number, other: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let line = 0; line < side; line++) {
    for (let i = 0; i < side; i++) {
      const at = line * other + i * step;
      const before = i > 0 ? at - step : at;
      const after = i < side - 1 ? at + step : at;
      for (let k = 0; k < CHANNELS; k++) {
        result[at + k] = (values[before + k]! + 2 * values[at + k]! + values[after + k]!) / 4;
      }
    }
  }
  return result;
}

/** Independent noise, and noise in cells of four pixels as a decoder's errors are. */
export const grain: Augmentation = (generator, values, side) => {
  const table = noiseTable();
  const fine = uniform(generator, 0, 14);
  const coarse = uniform(generator, 0, 10);
  const start = Math.floor(generator.random() * NOISE_COUNT);
  const cells = side / 4;
  for (let i = 0; i < values.length; i++) {
    const pixel = Math.floor(i / CHANNELS);
    const cell = Math.floor(pixel / side / 4) * cells + Math.floor((pixel % side) / 4);
    const own = table[(start + i) % NOISE_COUNT]! * fine;
    const shared = table[(start + 7919 + cell * CHANNELS + (i % CHANNELS)) % NOISE_COUNT]! * coarse;
    values[i] = values[i]! + own + shared;
  }
  return values;
};

/** Detail lost in blocks and in levels, as JPEG at a low quality loses it. */
export const blocks: Augmentation = (generator, values, side) => {
  const block = chance(generator, 0.5) ? 2 : 4;
  const loss = uniform(generator, 0.2, block === 2 ? 0.9 : 0.6);
  const level = uniform(generator, 2, 20);
  for (let top = 0; top < side; top += block) {
    for (let left = 0; left < side; left += block) {
      for (let k = 0; k < CHANNELS; k++)
        flatten(values, side, { top, left, block, k, loss, level });
    }
  }
  return values;
};

interface Block {
  readonly top: number;
  readonly left: number;
  readonly block: number;
  readonly k: number;
  readonly loss: number;
  readonly level: number;
}

function flatten(
  values: Float32Array,
  side: number,
  { top, left, block, k, loss, level }: Block,
): void {
  const at = (i: number): number =>
    ((top + Math.floor(i / block)) * side + left + (i % block)) * CHANNELS + k;
  const count = block * block;
  let mean = 0;
  for (let i = 0; i < count; i++) mean += values[at(i)]! / count;
  for (let i = 0; i < count; i++) {
    const mixed = values[at(i)]! * (1 - loss) + mean * loss;
    values[at(i)] = Math.round(mixed / level) * level;
  }
}

/** Outlines that wobble by up to two pixels, as a generator draws them. */
export const wobble: Augmentation = (generator, values, side) => {
  const wave = () => ({
    reach: uniform(generator, 0.3, 2),
    rate: uniform(generator, 2, 5) * ((2 * Math.PI) / side),
    phase: uniform(generator, 0, 2 * Math.PI),
  });
  const [across, down] = [wave(), wave()];
  const result = new Float32Array(values.length);
  for (let y = 0; y < side; y++) {
    const dx = across.reach * Math.sin(y * across.rate + across.phase);
    for (let x = 0; x < side; x++) {
      const dy = down.reach * Math.sin(x * down.rate + down.phase);
      sample(values, side, x + dx, y + dy, result, (y * side + x) * CHANNELS);
    }
  }
  return result;
};

/** Bilinear reading at (x, y), the border repeated. */
function sample(
  values: Float32Array,
  side: number,
  x: number,
  y: number,
  result: Float32Array,
  to: number,
): void {
  const cx = Math.min(side - 1.001, Math.max(0, x));
  const cy = Math.min(side - 1.001, Math.max(0, y));
  const [left, top] = [Math.floor(cx), Math.floor(cy)];
  const [u, v] = [cx - left, cy - top];
  const at = (top * side + left) * CHANNELS;
  const below = at + side * CHANNELS;
  for (let k = 0; k < CHANNELS; k++) {
    const high = values[at + k]! * (1 - u) + values[at + CHANNELS + k]! * u;
    const low = values[below + k]! * (1 - u) + values[below + CHANNELS + k]! * u;
    result[to + k] = high * (1 - v) + low * v;
  }
}

/** Each augmentation with its probability, in the order in which they are applied. */
const CHAIN: readonly (readonly [number, Augmentation])[] = [
  [0.25, wobble],
  [0.5, tone],
  [0.35, blur],
  [0.35, grain],
  [0.2, blocks],
];

/** A picture's bytes as a generator might have drawn it; a fifth of the pictures stay as they are. */
export function augment(generator: RandomSource, rgb: Uint8Array, side: number): Float32Array {
  let values = Float32Array.from(rgb);
  if (chance(generator, 0.2)) return values;
  for (const [probability, change] of CHAIN) {
    if (chance(generator, probability))
      values = change(generator, values, side) as Float32Array<ArrayBuffer>;
  }
  for (let i = 0; i < values.length; i++) values[i] = Math.min(255, Math.max(0, values[i]!));
  return values;
}
