// The graph of stage B: teacher and student at rest, encoder and predictor trained.

import type { Graph } from "../../engine/graph.js";
import { clampedPredict } from "../../guidance/self-attention/index.js";
import { gradientPredictor } from "../../models/gradient-predictor/index.js";
import { semanticEncoder } from "../../models/semantic-encoder/index.js";
import { keepMaps } from "../../nn/attention.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { Packing } from "../../nn/packed-weights.js";
import { scoped } from "../../nn/weights.js";
import type { Weights } from "../../nn/weights.js";
import type { LossBuilder } from "../../training/step.js";
import type { Teacher } from "../../training/teacher/index.js";
import type { DistillationNetworks } from "../loss.js";
import { classLabelsOf, frozenWeights, pictureNetwork } from "../network.js";
import { distanceOf } from "../run/features.js";
import { teacherOf } from "../run/round.js";
import { informationGraph, semanticLoss } from "../semantic.js";
import type { SemanticNetworks } from "../semantic.js";
import { asDistillation, partsOf } from "./config.js";
import type { SemanticConfig } from "./config.js";

/** The folders' networks, and where the trained weights stand. */
export const ENCODER = "semantic_encoder";
export const PREDICTOR = "gradient_predictor";

export interface SemanticModels {
  readonly student: Teacher;
  readonly teacher: Teacher;
}

/** Student, encoder and predictor in a graph, the student as constants. */
export function semanticNetworks(
  graph: Graph,
  weights: Weights,
  config: Pick<SemanticConfig, "encoder" | "wiring" | "batch">,
  student: Teacher,
): SemanticNetworks {
  const { unet, head } = student;
  const classLabels = classLabelsOf(graph, unet, config.batch);
  const known = frozenWeights(graph, "student", student.weights);
  const parts = partsOf(config, student);
  return {
    student: pictureNetwork(known, unet, { head, classLabels }).staged,
    encode: (pictures) =>
      semanticEncoder(scoped(weights, ENCODER), parts.encoder, pictures, keepMaps),
    predictor: (stages, latent) =>
      gradientPredictor(scoped(weights, PREDICTOR), parts.predictor, {
        ...{ student: stages, latent, policy: keepMaps },
      }),
  };
}

function networksOf(
  graph: Graph,
  weights: Weights,
  config: SemanticConfig,
  { student, teacher }: SemanticModels,
): SemanticNetworks & Pick<DistillationNetworks, "teacher" | "average"> {
  const { unet, head } = teacher;
  const classLabels = classLabelsOf(graph, unet, config.batch);
  const networks = semanticNetworks(graph, weights, config, student);
  const guided = config.guidance !== null;
  const its = { parent: teacher, weights: teacher.weights, guided };
  return {
    ...networks,
    teacher: teacherOf(graph, asDistillation(config), its, { head, classLabels }),
    // The student stays as it is, and so does its own answer.
    average: clampedPredict((x, level) => networks.student(x, level).x0, config.clamp ?? undefined),
  };
}

const shapeOf = (
  { batch, target, student_steps: steps }: SemanticConfig,
  { size, unet }: Teacher,
) => ({
  ...{ batch, steps, substeps: target.substeps },
  picture: [size, size, unet.in_channels] as const,
});

/** The loss of a step. Inputs as of `distillation`, and `classLabels` int64 [N] for networks with classes. */
export function semanticStepLoss(config: SemanticConfig, models: SemanticModels): LossBuilder {
  const { factor, source, target, batch } = config;
  return (weights, graph) => {
    const networks = networksOf(graph, weights, config, models);
    const options = { kind: target.kind, factor, source };
    const { teacher, student } = models;
    const distance = distanceOf(graph, target, teacher, classLabelsOf(graph, teacher.unet, batch));
    return semanticLoss(graph, options, networks, shapeOf(config, student), distance);
  };
}

/** The measurement of what a latent tells; see `informationGraph`. `weights` are those of encoder and predictor. */
export function semanticInformation(
  config: SemanticConfig,
  models: SemanticModels,
  weights: Weights,
): Graph {
  const { factor, source, target } = config;
  const { graph } = weights;
  const networks = networksOf(graph, weights, config, models);
  const options = { kind: target.kind, factor, source };
  return informationGraph(graph, options, networks, shapeOf(config, models.student));
}

/** The packing of what is trained, `semantic_encoder.…` and `gradient_predictor.…`. */
export function semanticPacking(config: SemanticConfig, student: Teacher): Packing {
  const { size, unet } = student;
  const one = { ...config, batch: 1 };
  return new Packing(
    collectSpecs((weights) => {
      const { graph } = weights;
      const { student: staged, encode, predictor } = semanticNetworks(graph, weights, one, student);
      const x = graph.input("x", "float32", [1, size, size, unet.in_channels]);
      const input = (name: string) => graph.input(name, "float32", [1]);
      const level = { alpha: input("alpha"), sigma: input("sigma"), timestep: input("timestep") };
      predictor(staged(x, level).stages, encode(x));
    }),
  );
}
