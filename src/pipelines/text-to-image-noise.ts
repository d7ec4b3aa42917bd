// What a run takes from outside its graphs: noise by seed, the event loop's turn, and the clock.

import { Generator } from "../core/generator.js";
import { floats } from "../core/tensor.js";
import type { Latent } from "../diffusion/index.js";

/**
 * Noise for a batch, each row from its own seed: what PyTorch's CPU generator draws as [1, C, H, W], as diffusers
 * does. A row is the same whatever its company.
 */
export class NoiseSource {
  private readonly generators: readonly Generator[];

  /** @param shape - of one row: height, width, channels */
  constructor(
    seeds: readonly bigint[],
    private readonly shape: readonly [height: number, width: number, channels: number],
  ) {
    this.generators = seeds.map((seed) => new Generator(seed));
  }

  /** Standard normals [N, H, W, C], the next of each row's stream. */
  next(): Latent {
    const [height, width, channels] = this.shape;
    const cells = height * width;
    const data = new Float32Array(this.generators.length * cells * channels);
    this.generators.forEach((generator, row) => {
      const planes = generator.randn([1, channels, height, width]).data;
      const start = row * cells * channels;
      for (let cell = 0; cell < cells; cell++) {
        for (let channel = 0; channel < channels; channel++) {
          data[start + cell * channels + channel] = planes[channel * cells + cell]!;
        }
      }
    });
    return floats([this.generators.length, ...this.shape], data);
  }
}

/** Lets whatever waits on the event loop go first: timers, Ctrl+C, messages. */
export function pause(): Promise<void> {
  // Browsers have timers only, and rest a few milliseconds in them.
  const later = typeof setImmediate === "function" ? setImmediate : setTimeout;
  return new Promise((resolve) => void later(resolve));
}

/** Milliseconds by phase. */
export class Stopwatch {
  private readonly phases: Record<string, number> = {};
  private since = performance.now();

  /** Counts the time since the last lap to a phase. */
  lap(phase: string): void {
    const now = performance.now();
    this.phases[phase] = (this.phases[phase] ?? 0) + now - this.since;
    this.since = now;
  }

  get milliseconds(): Readonly<Record<string, number>> {
    return { ...this.phases };
  }
}
