// PyTorch's CPU generator: the same seed gives the same uniforms bit for bit and the same normals within 2e-6.

import { FollowspotError } from "./errors.js";
import { Mt19937, WORDS } from "./generator-engine.js";
import { sizeOf } from "./shape.js";
import type { Shape } from "./shape.js";
import { tensor } from "./tensor.js";
import type { HostTensor } from "./tensor.js";

/** Smallest number of elements that PyTorch fills in blocks rather than one by one. */
const BLOCK = 16;
const HALF_BLOCK = 8;
const SEED_MIN = -(2n ** 63n);
const SEED_MAX = 2n ** 64n - 1n;
const { fround } = Math;
const TWO_PI_32 = fround(2 * Math.PI);

/** Words of `Generator.state()`: the engine's, its position, a flag and the cached normal's two. */
const STATE_WORDS = WORDS + 4;

/**
 * The 32 bits that a seed gives the engine, and whether others are dropped, so that another seed
 * gives the same noise. Negative seeds wrap around 2^64 as in PyTorch.
 *
 * Throws FollowspotError outside -2^63 to 2^64 - 1, the seeds that PyTorch takes.
 */
export function seedBits(seed: bigint): { bits: number; dropped: boolean } {
  if (seed < SEED_MIN || seed > SEED_MAX) {
    throw new FollowspotError(`seed: expected a whole number from -2^63 to 2^64 - 1, got ${seed}.`);
  }
  const bits = BigInt.asUintN(32, seed);
  return { bits: Number(bits), dropped: bits !== seed };
}

/**
 * A stream of random numbers, PyTorch's `torch.Generator("cpu").manual_seed(seed)`.
 *
 * `new Generator(7n).randn([1, 4, 64, 64])` is `torch.randn(1, 4, 64, 64, generator=...)`.
 */
export class Generator {
  private engine: Mt19937;
  /** The second normal of a scalar draw, given by the next scalar draw. */
  private cached: number | undefined;

  /** Throws FollowspotError for a seed outside -2^63 to 2^64 - 1. */
  constructor(seed: bigint) {
    this.engine = Mt19937.seeded(seedBits(seed).bits);
  }

  /** The engine's next integer, 0 to 2^32 - 1. */
  uint32(): number {
    return this.engine.next();
  }

  /** A uniform float32 from [0, 1) with 24 random bits, as one element of `torch.rand`. */
  random(): number {
    return (this.engine.next() & 0xffffff) * 2 ** -24;
  }

  /** Standard normals, as `torch.randn(shape)` of float32. */
  randn(shape: Shape): HostTensor<"float32"> {
    const data = new Float32Array(sizeOf(shape));
    if (data.length >= BLOCK) this.fillBlocks(data);
    else for (let i = 0; i < data.length; i++) data[i] = this.normal();
    return tensor("float32", shape, data);
  }

  /** All that the stream's future depends on; `Generator.restore` goes on from it. */
  state(): Uint32Array {
    const state = new Uint32Array(STATE_WORDS);
    state.set(this.engine.words);
    state[WORDS] = this.engine.position;
    state[WORDS + 1] = this.cached === undefined ? 0 : 1;
    new DataView(state.buffer).setFloat64((WORDS + 2) * 4, this.cached ?? 0, true);
    return state;
  }

  /** The generator whose `state()` this is. Throws FollowspotError when it cannot be one. */
  static restore(state: ArrayLike<number>): Generator {
    const words = Uint32Array.from(state);
    const position = words[WORDS];
    const flag = words[WORDS + 1];
    if (words.length !== STATE_WORDS || position! > WORDS || flag! > 1) {
      throw new FollowspotError(
        `generator state: expected ${STATE_WORDS} words with a position up to ${WORDS} and a flag of 0 or 1, ` +
          `got ${words.length} words with ${position} and ${flag}.`,
      );
    }
    const generator = new Generator(0n);
    generator.engine = new Mt19937(words.slice(0, WORDS), position!);
    const cached = new DataView(words.buffer).getFloat64((WORDS + 2) * 4, true);
    if (flag === 1) generator.cached = cached;
    return generator;
  }

  /** A uniform float64 from [0, 1) with 53 random bits. */
  private random53(): number {
    const high = this.engine.next() & 0x1fffff;
    return (high * 2 ** 32 + this.engine.next()) * 2 ** -53;
  }

  /** One normal by Box and Muller in float64; every second call gives the sine of the one before. */
  private normal(): number {
    if (this.cached !== undefined) {
      const value = this.cached;
      this.cached = undefined;
      return value;
    }
    const theta = 2 * Math.PI * this.random53();
    const radius = Math.sqrt(-2 * Math.log1p(-this.random53()));
    this.cached = radius * Math.sin(theta);
    return radius * Math.cos(theta);
  }

  /** Normals by blocks of 16; a last partial block is drawn anew as the last 16 elements. */
  private fillBlocks(data: Float32Array): void {
    this.fillUniform(data);
    for (let start = 0; start + BLOCK <= data.length; start += BLOCK) {
      boxMuller(data.subarray(start, start + BLOCK));
    }
    if (data.length % BLOCK === 0) return;
    const last = data.subarray(data.length - BLOCK);
    this.fillUniform(last);
    boxMuller(last);
  }

  private fillUniform(data: Float32Array): void {
    for (let i = 0; i < data.length; i++) data[i] = this.random();
  }
}

/** 16 uniforms to 16 normals in place: the first 8 give radii, the last 8 angles. */
function boxMuller(block: Float32Array): void {
  for (let i = 0; i < HALF_BLOCK; i++) {
    // The steps round to float32 as PyTorch's do: an angle's rounding alone can move a normal by 1e-6.
    const radius = fround(Math.sqrt(fround(-2 * fround(Math.log(1 - block[i]!)))));
    const theta = fround(TWO_PI_32 * block[i + HALF_BLOCK]!);
    block[i] = radius * Math.cos(theta);
    block[i + HALF_BLOCK] = radius * Math.sin(theta);
  }
}
