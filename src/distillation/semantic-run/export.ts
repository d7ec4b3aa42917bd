// A student with its encoder and predictor as one folder: the student's own, and theirs beside it.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Graph, Value } from "../../engine/graph.js";
import type { Predict } from "../../guidance/self-attention/index.js";
import { writeFolderAtomic } from "../../io/atomic-folder.js";
import { readJson, readJsonAs, writeJson } from "../../io/json.js";
import { openSafetensors, writeSafetensors } from "../../io/safetensors.js";
import {
  gradientPredictor,
  parseGradientPredictorConfig,
} from "../../models/gradient-predictor/index.js";
import type { GradientPredictorConfig } from "../../models/gradient-predictor/index.js";
import { parseSemanticEncoderConfig } from "../../models/semantic-encoder/index.js";
import type { SemanticEncoderConfig } from "../../models/semantic-encoder/index.js";
import type { UNet2DStages } from "../../models/unet2d/index.js";
import { expectFiniteWeights } from "../../training/finite-weights.js";
import { weightsUnder } from "../../training/half.js";
import { copyModel, shippedPath } from "../../training/run/shipped.js";
import type { Trained } from "../../training/trained.js";
import { readTeacher, TEACHER_FILES } from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import { CONTINUATIONS } from "../few-steps.js";
import type { Continuation } from "../few-steps.js";
import { TARGET_KINDS } from "../loss.js";
import type { TargetKind } from "../loss.js";
import { classLabelsOf, frozenWeights, pictureNetwork } from "../network.js";
import { continuationOf } from "../run/sheet.js";
import { LATENT_SOURCES, SHIFT_FACTORS, combined } from "../semantic.js";
import type { LatentSource, ShiftFactor } from "../semantic.js";
import { partsOf, semanticDigest, semanticRound } from "./config.js";
import type { SemanticConfig } from "./config.js";
import { ENCODER, PREDICTOR } from "./loss.js";

const CONFIG = "config.json";
const WEIGHTS = "diffusion_pytorch_model.safetensors";
const CLASSES = { [ENCODER]: "SemanticEncoder", [PREDICTOR]: "GradientPredictor" } as const;

type Named = ReadonlyMap<string, HostTensor<"float32">>;

/**
 * Writes the folder, whole or not at all; one already there is replaced. The student's files are copied;
 * followspot.json tells besides what joins it.
 *
 * @throws FollowspotError when a file cannot be read or written
 */
export async function exportSemantic(
  config: SemanticConfig,
  { packing, average, step }: Trained,
  folder: string,
): Promise<void> {
  const student = await readTeacher(config.student);
  const teacher = await readTeacher(config.teacher);
  const parts = partsOf(config, student);
  const weights = packing.unpack(average.data);
  const { student_steps: steps, factor, source, wiring, target, guidance, class_dropout } = config;
  const evaluations = step * semanticRound(config).evaluations * config.batch;
  const parents = { student: student.digest, teacher: teacher.digest };
  const semantic = {
    ...{ steps, factor, source, wiring, target, guidance, class_dropout, evaluations, parents },
    continuation: predictorContinuation(config),
  };
  await writeFolderAtomic(folder, async (into) => {
    await copyModel(config.student, into);
    const facts = await readJson(join(into, TEACHER_FILES.facts));
    await writeJson(join(into, TEACHER_FILES.facts), { ...(facts as object), semantic });
    for (const [part, its] of [
      [ENCODER, parts.encoder],
      [PREDICTOR, parts.predictor],
    ] as const) {
      await mkdir(join(into, part));
      await writeJson(join(into, part, CONFIG), { _class_name: CLASSES[part], ...its });
      await writeSafetensors(join(into, part, WEIGHTS), weightsUnder(`${part}.`, weights), {
        ...{ format: "pt", role: part, student: student.digest, teacher: teacher.digest },
        ...{ schedule: JSON.stringify(student.facts.schedule), step: String(step) },
        config: semanticDigest(config),
      });
    }
  });
}

/** How a predictor's runs go on, as its target has it; as what it stands beside where that is the data: undefined. */
export function predictorContinuation(
  config: Pick<SemanticConfig, "target">,
): Continuation | undefined {
  return config.target.kind === "data" ? undefined : continuationOf(config);
}

/** A student with its encoder and predictor, in memory. */
export interface SemanticStudent {
  readonly student: Teacher;
  /** What the predictor was trained for: its steps, which folders of before do not say, its target, and how runs go on. */
  readonly trained: {
    readonly steps?: number | undefined;
    readonly kind: TargetKind;
    readonly continuation?: Continuation | undefined;
  };
  readonly factor: ShiftFactor;
  /** Whose content its latents told in training. */
  readonly source: LatentSource;
  readonly encoder: { readonly config: SemanticEncoderConfig; readonly weights: Named };
  readonly predictor: { readonly config: GradientPredictorConfig; readonly weights: Named };
}

const facts = z.object({
  semantic: z
    .object({
      factor: z.enum(SHIFT_FACTORS),
      source: z.enum(LATENT_SOURCES),
      steps: z.int().positive().optional(),
      target: z.object({ kind: z.enum(TARGET_KINDS) }),
      continuation: z.enum(CONTINUATIONS).optional(),
    })
    .optional(),
});

/** Reads what `exportSemantic` wrote. Throws FollowspotError when a file is missing, damaged or not what it should be. */
export async function readSemantic(folder: string): Promise<SemanticStudent> {
  const path = shippedPath(folder);
  const student = await readTeacher(folder);
  const { semantic } = await readJsonAs(join(path, TEACHER_FILES.facts), facts);
  if (!semantic) {
    throw new FollowspotError(
      `model: ${folder}: expected a student with encoder and predictor, got a network alone.`,
      { remedy: "Train them on it first: a configuration of kind semantic, as mnist-semantic." },
    );
  }
  const part = async <T>(name: string, parse: (json: unknown) => T) => {
    const config = parse(await readJson(join(path, name, CONFIG)));
    const weights = await (await openSafetensors(join(path, name, WEIGHTS))).readAllFloat32();
    expectFiniteWeights(join(path, name, WEIGHTS), weights);
    return { config, weights };
  };
  return {
    student,
    ...{ factor: semantic.factor, source: semantic.source },
    trained: {
      ...{ steps: semantic.steps, kind: semantic.target.kind },
      continuation: semantic.continuation,
    },
    encoder: await part(ENCODER, parseSemanticEncoderConfig),
    predictor: await part(PREDICTOR, parseGradientPredictorConfig),
  };
}

/**
 * The predictor of a semantic student for `CompiledPredictor`: two evaluations, student and predictor. Further inputs:
 * `latent` [rows, latent_dim], and `classLabels` int64 [rows] where the student has classes.
 */
export function semanticPredict(
  { student, predictor, factor }: SemanticStudent,
  rows: number,
): (graph: Graph) => Predict {
  return (graph) => {
    const { unet, head } = student;
    const classLabels = classLabelsOf(graph, unet, rows);
    const known = frozenWeights(graph, "student", student.weights);
    const shift = frozenWeights(graph, PREDICTOR, predictor.weights);
    const networks = {
      student: pictureNetwork(known, unet, { head, classLabels }).staged,
      predictor: (stages: UNet2DStages, latent: Value) =>
        gradientPredictor(shift, predictor.config, { student: stages, latent }),
    };
    const latent = graph.input("latent", "float32", [rows, predictor.config.latent_dim]);
    return (x, level) => combined(networks, x, level, latent, factor);
  };
}
