// Stage B: a frozen student, told what the picture shows by an encoder and a gradient predictor (SFERD, arXiv 2311.03830).

import { add, div, gather, mean, minimum, mul, sub } from "../engine/functions.js";
import type { Graph, Value } from "../engine/graph.js";
import type { LevelValues } from "../guidance/self-attention/index.js";
import type { UNet2DStages } from "../models/unet2d/index.js";
import { perPicture } from "../training/losses.js";
import { distillation, errorsOf } from "./loss.js";
import type { DistillationNetworks, DistillationShape, Distance, TargetKind } from "./loss.js";
import type { Staged } from "./network.js";

/**
 * The factor κ of the predictor's output: `bounded` is min(σ² / α, 1), `sigma` is σ, and `exact` is σ² / α as it is
 * derived, 22,000 at t = 1.
 */
export const SHIFT_FACTORS = ["bounded", "sigma", "exact"] as const;
export type ShiftFactor = (typeof SHIFT_FACTORS)[number];

/** κ at a level, [N]. */
export function shiftFactor(kind: ShiftFactor, { alpha, sigma }: LevelValues): Value {
  if (kind === "sigma") return sigma;
  const exact = div(mul(sigma, sigma), alpha);
  return kind === "bounded" ? minimum(exact, 1) : exact;
}

export interface SemanticNetworks {
  /** Frozen. */
  readonly student: (x: Value, level: LevelValues) => Staged;
  /** What a clean picture shows, [N, H, W, C] -> [N, latent]. */
  readonly encode: (pictures: Value) => Value;
  /** [N, H, W, C]. */
  readonly predictor: (student: UNet2DStages, latent: Value) => Value;
}

/**
 * The student's prediction with what is known of the picture: x0' = x̂0 + κ G(x, z, t). One evaluation of the student
 * however many latents it is asked for, since equal values are one.
 */
export function combined(
  { student, predictor }: Pick<SemanticNetworks, "student" | "predictor">,
  x: Value,
  level: LevelValues,
  latent: Value,
  factor: ShiftFactor,
): Value {
  const { x0, stages } = student(x, level);
  return add(x0, mul(perPicture(shiftFactor(factor, level)), predictor(stages, latent)));
}

/** Whose content the latent tells: the data's picture, as coded, or the teacher's own answer. */
export const LATENT_SOURCES = ["data", "target"] as const;
export type LatentSource = (typeof LATENT_SOURCES)[number];

export interface SemanticOptions {
  readonly kind: TargetKind;
  readonly factor: ShiftFactor;
  readonly source: LatentSource;
}

type Targets = Pick<DistillationNetworks, "teacher" | "average">;

/** The parts of stage B that its loss and its measurement share. */
function semanticParts(
  graph: Graph,
  { kind, factor, source }: SemanticOptions,
  networks: SemanticNetworks & Targets,
  shape: DistillationShape,
) {
  const { noisy, level, target, weight } = distillation(graph, kind, networks, shape);
  const pictures = graph.input("pictures", "float32", [shape.batch, ...shape.picture]);
  const latent = networks.encode(source === "data" ? pictures : target);
  const answer = (z: Value): Value => combined(networks, noisy, level, z, factor);
  return { latent, answer, target, weight };
}

/**
 * The loss of stage B, ‖x̃0 - x0'‖² (or another distance) weighed once. Inputs as of `distillation`. Encoder and
 * predictor alone have gradients when they alone have trained weights.
 */
export function semanticLoss(
  graph: Graph,
  options: SemanticOptions,
  networks: SemanticNetworks & Targets,
  shape: DistillationShape,
  distance?: Distance,
): ReturnType<typeof errorsOf> {
  const { latent, answer, target, weight } = semanticParts(graph, options, networks, shape);
  return errorsOf(answer(latent), target, weight, distance);
}

/** What is told of the picture in a measurement: its own latent, another picture's, or none. */
export const TOLD = ["own", "shuffled", "zero"] as const;
export type Told = (typeof TOLD)[number];

/**
 * The error of each picture [N] with its own latent, with another's and with zeros, as outputs `own`, `shuffled` and
 * `zero`. Inputs as of `distillation`, and `order` int64 [N], whose latent each picture gets when they are shuffled.
 */
export function informationGraph(
  graph: Graph,
  options: SemanticOptions,
  networks: SemanticNetworks & Targets,
  shape: DistillationShape,
): Graph {
  const { latent, answer, target } = semanticParts(graph, options, networks, shape);
  const order = graph.input("order", "int64", [shape.batch]);
  const latents: Record<Told, Value> = {
    own: latent,
    shuffled: gather(latent, order),
    zero: mul(latent, 0),
  };
  for (const name of TOLD) {
    const difference = sub(answer(latents[name]), target);
    graph.output(name, mean(mul(difference, difference), { axes: [1, 2, 3] }));
  }
  return graph;
}
