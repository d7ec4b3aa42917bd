// The one sampling loop: asks the denoiser, lets the sampler step, tells what happened.

import { FollowspotError } from "../../core/errors.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { weightedSum } from "../elementwise.js";
import type { Condition, Denoiser, Latent, Level, Prediction, Request } from "../denoiser.js";
import type { Schedule } from "../schedule.js";
import { samplerNamed } from "./registry.js";
import type { SamplerName } from "./registry.js";
import type { Evaluation, Sampler } from "./sampler.js";

/** All that makes a run. */
export interface SampleOptions {
  readonly denoiser: Denoiser;
  readonly condition: Condition;
  readonly schedule: Schedule;
  /** A sampler's name, or a sampler with a plan of its own. */
  readonly sampler: SamplerName | Sampler;
  /** Number of steps, at least 1. */
  readonly steps: number;
  /** What the run starts from: unit-variance noise, `[N, H, W, C]`. */
  readonly noise: Latent;
  /** Unit-variance noise for a step (index from 0), of the same shape; needed by samplers that draw noise. */
  readonly stepNoise?: ((index: number) => Latent) | undefined;
  /** DDIM's share of ancestral noise, 0 to 1. Default 0. */
  readonly eta?: number | undefined;
  /** Passed to the denoiser at each evaluation. */
  readonly request?: Request | undefined;
  /** Stops the run before the next evaluation, or once the one under way is done. */
  readonly signal?: AbortSignal | undefined;
}

/** One finished step. */
export interface SampleStep {
  /** How many steps are done: 1 to `steps`. */
  readonly step: number;
  readonly steps: number;
  /** The level that this step started from. */
  readonly level: Level;
  /** The signal after the step; after the last one, the result. */
  readonly x: Latent;
  /** The clean signal that the denoiser expected at `level`: what a preview shows. */
  readonly x0: Latent;
  /** The maps read at `level`, by site. */
  readonly maps: Prediction["maps"];
}

/**
 * Draws from noise, step by step; the generator returns the result.
 *
 * @throws FollowspotError for an unknown sampler, steps or eta out of range, or missing step noise;
 * the signal's reason (an `AbortError` by default) when aborted.
 */
export async function* sample(options: SampleOptions): AsyncGenerator<SampleStep, Latent, void> {
  const { denoiser, condition, schedule, steps, request, signal, eta = 0 } = options;
  const sampler =
    typeof options.sampler === "string" ? samplerNamed(options.sampler) : options.sampler;
  const plan = sampler.plan(schedule, steps);
  const stepNoise = checkedNoise(options, sampler, eta);
  const ask = async (x: Latent, level: Level): Promise<Prediction> => {
    signal?.throwIfAborted();
    const prediction = await denoiser.denoise(x, level, condition, request);
    signal?.throwIfAborted();
    return prediction;
  };

  let x = weightedSum([plan.initialScale, options.noise]);
  let past: Evaluation[] = [];
  for (const [index, { level, next }] of plan.steps.entries()) {
    const { x0, maps } = await ask(x, level);
    const here = { x, x0, level };
    const denoise = async (at: Latent, its: Level): Promise<Latent> => (await ask(at, its)).x0;
    const noise = (): Latent => stepNoise(index);
    x = await sampler.step({ schedule, index, steps, here, next, past, eta, denoise, noise });
    past = [here, ...past].slice(0, sampler.memory);
    yield { step: index + 1, steps, level, x, x0, maps };
  }
  return x;
}

/** Runs to the end and gives the result alone. Throws what `sample` throws. */
export async function sampleToEnd(options: SampleOptions): Promise<Latent> {
  const run = sample(options);
  for (;;) {
    const { done, value } = await run.next();
    if (done) return value;
  }
}

function checkedNoise(
  { sampler: asked, stepNoise, noise }: SampleOptions,
  sampler: Sampler,
  eta: number,
): (index: number) => Latent {
  const name = typeof asked === "string" ? asked : sampler.label;
  if (!(eta >= 0 && eta <= 1)) {
    throw new FollowspotError(`eta: expected a number from 0 to 1, got ${eta}.`);
  }
  if (eta > 0 && sampler.stochastic(0) === sampler.stochastic(1)) {
    throw new FollowspotError(`eta: expected 0 with ${name}, got ${eta}.`, {
      remedy: "Only ddim has it.",
    });
  }
  if (sampler.stochastic(eta) && stepNoise === undefined) {
    throw new FollowspotError(`sample: expected step noise for ${name}, got none.`);
  }
  return (index) => {
    const drawn = stepNoise!(index);
    if (sameShape(drawn.shape, noise.shape)) return drawn;
    throw new Error(
      `sample: expected step noise ${formatShape(noise.shape)}, got ${formatShape(drawn.shape)}`,
    );
  };
}
