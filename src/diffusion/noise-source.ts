// Noise by seed, as diffusers draws it.

import { Generator } from "../core/generator.js";
import { floats } from "../core/tensor.js";
import type { Latent } from "./denoiser.js";

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
