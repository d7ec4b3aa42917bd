// What a sampler is: a plan of levels, and a function that takes one step.

import type { Latent, Level } from "../denoiser.js";
import type { Schedule } from "../schedule.js";
import type { Factors } from "../parameterisations.js";
import { noiseFactors } from "../parameterisations.js";

/** One step of a plan: the level whose signal the network sees, and the level that the step arrives at. */
export interface PlannedStep {
  readonly level: Level;
  readonly next: Level;
}

/** The levels of a whole run, noisiest first. */
export interface Plan {
  /** Factor of the unit-variance noise that a run starts from, in the variance-preserving variable. */
  readonly initialScale: number;
  readonly steps: readonly PlannedStep[];
}

/** A signal, its level, and the clean signal that the denoiser expects behind it. */
export interface Evaluation {
  readonly x: Latent;
  readonly x0: Latent;
  readonly level: Level;
}

/** What a step function sees. Signals are variance preserving: `alpha * x0 + sigma * eps`. */
export interface StepInput {
  readonly schedule: Schedule;
  /** Index of the step, from 0, and how many there are. */
  readonly index: number;
  readonly steps: number;
  readonly here: Evaluation;
  readonly next: Level;
  /** Earlier evaluations, latest first, at most `memory` of them. */
  readonly past: readonly Evaluation[];
  /** Share of the ancestral noise, 0 to 1. */
  readonly eta: number;
  /** Asks the denoiser once more. Rejects with the signal's reason when the run is aborted. */
  readonly denoise: (x: Latent, level: Level) => Promise<Latent>;
  /** Fresh unit-variance noise of the shape of `x`. */
  readonly noise: () => Latent;
}

/** A sampler. Stateless: all that a step needs is in its input. */
export interface Sampler {
  /** The name that people know from other programs. */
  readonly label: string;
  /** The diffusers class that takes the same steps. */
  readonly diffusersClass: string;
  /** Order of convergence of its noiseless steps. */
  readonly order: number;
  /** How many earlier evaluations a step looks at. */
  readonly memory: number;
  /** Whether a run with this eta draws noise. */
  readonly stochastic: (eta: number) => boolean;
  /** The levels of a run. Throws a FollowspotError when the steps do not fit the schedule. */
  readonly plan: (schedule: Schedule, steps: number) => Plan;
  /** The signal at `next`. */
  readonly step: (input: StepInput) => Latent | Promise<Latent>;
}

/**
 * Factors of `x' = a * x + b * x0`: the noise of `here` kept, at another level. This is the DDIM step without noise,
 * and the Euler step of the variance-exploding variable.
 */
export function carryFactors(here: Level, alpha: number, sigma: number): Factors {
  const [a, b] = noiseFactors(here);
  return [sigma * a, alpha + sigma * b];
}
