// A distillation step's loss: teacher, target and student in one graph, of which the student alone is differentiated.

import { mean, mul, sub } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import type { Predict } from "../guidance/self-attention/index.js";
import { diffuse, meanSquaredError } from "../training/losses.js";
import { declareLevel, declarePath } from "./path.js";
import { walkedPictures } from "./walk.js";
import { consistencyTarget, progressiveTarget, referenceTarget } from "./targets.js";

/**
 * What a prediction is held against: where several steps of the teacher lead, where all of its steps lead in the end,
 * the average's answer one step on, the teacher's answer to the data a little below t, or the data's own picture, which
 * asks no teacher at all.
 */
export const TARGET_KINDS = [
  "progressive",
  "endpoint",
  "consistency",
  "reference",
  "data",
] as const;
export type TargetKind = (typeof TARGET_KINDS)[number];

/** How far pictures [N, H, W, C] are from others: [N]. */
export type Distance = (prediction: Value, target: Value) => Value;

/** The mean squared error of each picture. */
export const squaredDistance: Distance = (prediction, target) => {
  const difference = sub(prediction, target);
  return mean(mul(difference, difference), { axes: [1, 2, 3] });
};

/** Σ weight · distance / N: pictures [N, H, W, C], weights [N]. */
export function weightedError(
  prediction: Value,
  target: Value,
  weight: Value,
  distance: Distance = squaredDistance,
): Value {
  return mean(mul(distance(prediction, target), weight));
}

export interface DistillationShape {
  readonly batch: number;
  /** Of one picture, [H, W, C]. */
  readonly picture: readonly [number, number, number];
  /** Teacher steps to one of the student's. */
  readonly substeps: number;
  /** Steps of the student. */
  readonly steps: number;
}

export interface DistillationNetworks {
  /** Differentiated; its prediction is not clamped. */
  readonly student: Predict;
  /** Guided and clamped as its user likes. */
  readonly teacher: Predict;
  /** The target network of consistency. */
  readonly average?: Predict | undefined;
  /** Whose steps lead to the pictures at which the student is asked; these are noised data when absent. */
  readonly walker?: Predict | undefined;
}

/** The parts of a distillation step as values. */
export interface Distillation {
  /** The data's, [N, H, W, C]. */
  readonly pictures: Value;
  /** x_t, [N, H, W, C]. */
  readonly noisy: Value;
  /** The student's level: that of x_t. */
  readonly level: ReturnType<typeof declareLevel>;
  /** [N, H, W, C]. */
  readonly target: Value;
  /** [N]. */
  readonly weight: Value;
}

/**
 * The noisy pictures, what is asked for them and how much that weighs. Inputs: `pictures` and `noise` [N, H, W, C],
 * `weight` [N] and the teacher's way `path.<step>.…`, to the end of all steps for endpoints; `end.…` and `clean` for consistency; for reference, instead of
 * the way, the student's level `path.0.…` and the teacher's `end.…`; for data the student's level alone. With a
 * walker, those of `walkedPictures` besides.
 */
export function distillation(
  graph: Graph,
  kind: TargetKind,
  { teacher, average, walker }: Pick<DistillationNetworks, "teacher" | "average" | "walker">,
  { batch, picture, substeps, steps }: DistillationShape,
): Distillation {
  const pictures = graph.input("pictures", "float32", [batch, ...picture]);
  const noise = graph.input("noise", "float32", [batch, ...picture]);
  const weight = graph.input("weight", "float32", [batch]);
  const level = declareLevel(graph, "path.0", batch);
  const noised = diffuse(pictures, noise, level.alpha, level.sigma);
  const noisy = walker
    ? walkedPictures(graph, walker, { ...noised, noise }, { batch, steps: steps - 1 })
    : noised.noisy;
  const target = (): Value => {
    if (kind === "data") return pictures;
    if (kind === "progressive" || kind === "endpoint") {
      const way = kind === "progressive" ? substeps : steps * substeps;
      return progressiveTarget(teacher, noisy, declarePath(graph, batch, way));
    }
    const end = declareLevel(graph, "end", batch);
    if (kind === "reference") return referenceTarget(teacher, { pictures, noise }, end);
    if (!average) throw new Error("distillation: expected a target network, got none");
    const clean = graph.input("clean", "float32", [batch]);
    const path = declarePath(graph, batch, substeps);
    return consistencyTarget({ teacher, average }, noisy, path, { level: end, clean });
  };
  return { pictures, noisy, level, target: target(), weight };
}

/** A step's loss and what it is of. */
export interface DistillationStep {
  readonly loss: Value;
  readonly report: { readonly error: Value };
  /** The student's pictures, [N, H, W, C]. */
  readonly made: Value;
  /** The data's. */
  readonly pictures: Value;
}

/** The loss of a step by `distance`, squared when absent, and its squared error without weights. */
export function distillationLoss(
  graph: Graph,
  kind: TargetKind,
  networks: DistillationNetworks,
  shape: DistillationShape,
  distance?: Distance,
): DistillationStep {
  const { pictures, noisy, level, target, weight } = distillation(graph, kind, networks, shape);
  const made = networks.student(noisy, level);
  return { ...errorsOf(made, target, weight, distance), made, pictures };
}

/** The weighted distance as a loss, and the plain squared error to report. */
export function errorsOf(
  prediction: Value,
  target: Value,
  weight: Value,
  distance?: Distance,
): { readonly loss: Value; readonly report: { readonly error: Value } } {
  return {
    loss: weightedError(prediction, target, weight, distance),
    report: { error: meanSquaredError(prediction, target) },
  };
}
