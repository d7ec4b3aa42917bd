// Distribution matching distillation (Yin et al. 2024, arXiv 2311.18828): a student of one step whose pictures, taken
// together, are to be those of its teacher. A second network learns to denoise what the student draws; where it and the
// teacher differ about one noisy picture, the student's pictures are too many or too few. No pairs of noise and picture
// are held against each other, as in the successor (arXiv 2405.14867).

import { abs, add, div, maximum, mean, mul, stopGradient, sub } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import { clamped } from "../guidance/self-attention/index.js";
import type { Predict } from "../guidance/self-attention/index.js";
import { diffuse, meanSquaredError, perPicture } from "../training/losses.js";
import { TARGET_KINDS, squaredDistance, weightedError } from "./loss.js";
import { declareLevel } from "./path.js";

/** What the folders of students can say that these were held against: a target of each picture, or a distribution. */
export const STUDENT_KINDS = [...TARGET_KINDS, "distribution"] as const;

export interface DistributionNetworks {
  /** Differentiated: a picture of noise alone. */
  readonly student: Predict;
  /** At rest: what noisy pictures come from among the teacher's. Guided and clamped as its user likes. */
  readonly teacher: Predict;
  /** Differentiated: what noisy pictures come from among the student's, μ_fake. */
  readonly fake: Predict;
}

export interface DistributionShape {
  readonly batch: number;
  /** Of one picture, [H, W, C]. */
  readonly picture: readonly [number, number, number];
  /** Largest magnitude of a picture as it is shown; unlimited when absent. */
  readonly clamp?: number | undefined;
}

/** The loss of a step and what it is made of. */
export interface DistributionParts {
  readonly loss: Value;
  /** The student's pictures, [N, H, W, C]. */
  readonly made: Value;
  /** What they are to move against, [N, H, W, C]. */
  readonly step: Value;
  /** The fake network's weighted error. */
  readonly denoising: Value;
  readonly report: { readonly error: Value; readonly difference: Value };
}

/** Keeps the mean distance of a picture to the teacher's answer a divisor. */
const LEAST_DISTANCE = 1e-3;

/**
 * The losses of both networks in one: a single optimiser moves them, each by its own, since each is at rest in the
 * other's. Inputs: `noise`, from which the student draws at level `start.…`; `renoise`, with which its pictures are
 * brought to `level.…`, both [N, H, W, C]; `weight` [N], of the fake network's error there. Reports `error`, the fake
 * network's squared error, and `difference`, the mean of |μ_fake - μ_real|.
 */
export function distributionLoss(
  graph: Graph,
  { student, teacher, fake }: DistributionNetworks,
  { batch, picture, clamp }: DistributionShape,
): DistributionParts {
  const input = (name: string): Value => graph.input(name, "float32", [batch, ...picture]);
  const made = student(input("noise"), declareLevel(graph, "start", batch));
  // Compared is what is shown: an answer beyond black is black, and need not come back.
  const drawn = clamped(stopGradient(made), clamp);
  const level = declareLevel(graph, "level", batch);
  const { noisy } = diffuse(drawn, input("renoise"), level.alpha, level.sigma);
  const real = teacher(noisy, level);
  const told = fake(noisy, level);
  const difference = sub(clamped(stopGradient(told), clamp), real);
  // The weight of the paper: the difference counts by how far the teacher's answer is from the picture, so that all levels count alike.
  const distance = mean(abs(sub(drawn, real)), { axes: [1, 2, 3] });
  const step = div(difference, perPicture(maximum(distance, LEAST_DISTANCE)));
  // Half the squared error to x - d has the gradient d.
  const towards = mul(mean(squaredDistance(made, sub(stopGradient(made), step))), 0.5);
  const weight = graph.input("weight", "float32", [batch]);
  const denoising = weightedError(told, drawn, weight);
  return {
    loss: add(towards, denoising),
    ...{ made, step, denoising },
    report: { error: meanSquaredError(told, drawn), difference: mean(abs(difference)) },
  };
}
