// What the tests of samplers run on: normal data, whose exact denoiser is known.

import { Generator } from "../../core/generator.js";
import { floats } from "../../core/tensor.js";
import type { Denoiser, Latent } from "../denoiser.js";
import type { SampleStep } from "./sample.js";

/** Standard normals [1, 1, count, 1]. */
export function normal(count: number, seed: number): Latent {
  return new Generator(BigInt(seed)).randn([1, 1, count, 1]);
}

/** The exact denoiser of data that are normal with this mean and deviation; deviation 0 is a point mass. */
export function gaussian(mean: number, deviation: number): Denoiser {
  return {
    denoise: async (x, { alpha, sigma }) => {
      const power = (alpha * deviation) ** 2 + sigma ** 2;
      const x0 = x.data.map((v) => (mean * sigma ** 2 + alpha * deviation ** 2 * v) / power);
      return { x0: floats(x.shape, x0) };
    },
  };
}

/** All steps of a run. */
export async function collect(run: AsyncIterable<SampleStep>): Promise<SampleStep[]> {
  const steps = [];
  for await (const step of run) steps.push(step);
  return steps;
}

/** The consistency function of a Gaussian: where its probability flow ends. */
export function consistent(mean: number, deviation: number): Denoiser {
  return {
    denoise: async (x, { alpha, sigma }) => {
      const spread = Math.hypot(alpha * deviation, sigma);
      const data = x.data.map((value) => mean + (deviation * (value - alpha * mean)) / spread);
      return { x0: floats(x.shape, data) };
    },
  };
}
