// The graph of stage B: teacher and student at rest, encoder and predictor trained.

import type { Graph } from "../../engine/graph.js";
import { clampedPredict } from "../../guidance/self-attention/index.js";
import type { Predict } from "../../guidance/self-attention/index.js";
import { gradientPredictor } from "../../models/gradient-predictor/index.js";
import { semanticEncoder } from "../../models/semantic-encoder/index.js";
import { fusedPolicy, keepMaps } from "../../nn/attention.js";
import type { AttentionPolicy } from "../../nn/attention.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { PackedWeights, Packing } from "../../nn/packed-weights.js";
import { scoped } from "../../nn/weights.js";
import type { Weights } from "../../nn/weights.js";
import type { LossBuilder } from "../../training/step.js";
import type { Teacher } from "../../training/teacher/index.js";
import { frozenVector } from "../frozen.js";
import type { DistillationNetworks } from "../loss.js";
import { classLabelsOf, frozenWeights, pictureNetwork } from "../network.js";
import { distanceOf } from "../run/features.js";
import { teacherOf } from "../run/round.js";
import { combined, informationGraph, semanticLoss } from "../semantic.js";
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
  policy: AttentionPolicy = keepMaps,
): SemanticNetworks {
  const { unet, head } = student;
  const classLabels = classLabelsOf(graph, unet, config.batch);
  const known = frozenWeights(graph, "student", student.weights);
  const parts = partsOf(config, student);
  return {
    student: pictureNetwork(known, unet, { head, classLabels }).staged,
    encode: (pictures) =>
      semanticEncoder(scoped(weights, ENCODER), parts.encoder, pictures, policy),
    predictor: (stages, latent) =>
      gradientPredictor(scoped(weights, PREDICTOR), parts.predictor, {
        ...{ student: stages, latent, policy },
      }),
  };
}

/** Student, encoder and predictor by weights at rest, told the data's own pictures: the target network of consistency. */
function targetNetwork(
  graph: Graph,
  weights: Weights,
  config: SemanticConfig,
  student: Teacher,
): Predict {
  const networks = semanticNetworks(graph, weights, config, student, fusedPolicy);
  const { batch, picture } = shapeOf(config, student);
  const latent = networks.encode(graph.input("pictures", "float32", [batch, ...picture]));
  const answer: Predict = (x, level) => combined(networks, x, level, latent, config.factor);
  return clampedPredict(answer, config.clamp ?? undefined);
}

/** The networks of a step; `resting` are the weights of the target network of consistency. */
function networksOf(
  graph: Graph,
  weights: Weights,
  config: SemanticConfig,
  { student, teacher }: SemanticModels,
  resting: () => Weights,
): SemanticNetworks & Pick<DistillationNetworks, "teacher" | "average"> {
  const { unet, head } = teacher;
  const classLabels = classLabelsOf(graph, unet, config.batch);
  const guided = config.guidance !== null;
  const its = { parent: teacher, weights: teacher.weights, guided };
  const isConsistent = config.target.kind === "consistency";
  return {
    ...semanticNetworks(graph, weights, config, student),
    teacher: teacherOf(graph, asDistillation(config), its, { head, classLabels }),
    average: isConsistent ? targetNetwork(graph, resting(), config, student) : undefined,
  };
}

/** The encoder and predictor that the target network has, at rest: their average, or their weights of now. */
function restingWeights(graph: Graph, config: SemanticConfig, student: Teacher): Weights {
  const packing = semanticPacking(config, student);
  return new PackedWeights(frozenVector(graph, packing, config.target.network), packing);
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
  const { teacher, student } = models;
  return (weights, graph) => {
    const resting = (): Weights => restingWeights(graph, config, student);
    const networks = networksOf(graph, weights, config, models, resting);
    const options = { kind: target.kind, factor, source };
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
  // What is measured is the average already.
  const networks = networksOf(graph, weights, config, models, () => weights);
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
