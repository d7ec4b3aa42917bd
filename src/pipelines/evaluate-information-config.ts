// What the information test is of: a semantic model's folder, or its run's, and the teacher that it was to follow.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { semanticSchema } from "../distillation/index.js";
import type { SemanticConfig, SemanticStudent } from "../distillation/index.js";
import { readJsonAs } from "../io/json.js";
import { checkJson } from "../io/json-value.js";
import type { JsonObject } from "../io/json.js";
import { readRun } from "../training/run/folder.js";
import { shippedPath } from "../training/run/shipped.js";
import { TEACHER_FILES } from "../training/teacher/index.js";
import type { InformationRequest } from "./evaluate-errors-request.js";
import { readPixelModel } from "./sample-model.js";
import type { PixelModel } from "./sample-model.js";
import { trainedFor } from "./sample-settings.js";

const BATCH = 64;
const KIND = "semantic";
/** Nothing is trained: what is measured has no part in a run's budget, and batches of its own. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
/** The folder of a run's model. */
const MODEL = "model";

export interface InformationSubject {
  readonly model: PixelModel;
  readonly semantic: SemanticStudent;
  readonly teacher: PixelModel;
  /** As the model was trained, but on held-out pictures that are not mirrored and keep their classes. */
  readonly config: SemanticConfig;
}

/** What the folder itself remembers of its training. */
const remembered = z.object({
  semantic: z.object({
    source: z.unknown(),
    factor: z.unknown(),
    wiring: z.unknown(),
    target: z.unknown(),
    guidance: z.unknown(),
  }),
});

/**
 * Opens the model and its teacher, and finds out how it was trained: by the configuration of the run that the folder is or
 * lies in, else by what the folder remembers.
 *
 * @throws FollowspotError when there is no encoder and predictor, or when the teacher is not the one that it followed
 */
export async function resolveInformation(request: InformationRequest): Promise<InformationSubject> {
  const run = await semanticRunAt(request.model);
  const name = run ? join(request.model, MODEL) : request.model;
  const model = await readPixelModel(name);
  const { semantic } = model;
  if (!semantic) {
    throw new FollowspotError(
      `evaluate: ${name}: expected a student with encoder and predictor, got one without.`,
      { remedy: "Train them on it: a configuration of kind semantic, as mnist-semantic." },
    );
  }
  const known = run ?? (await semanticRunAt(dirname(model.folder)));
  const teacher = await teacherOf(model, request.teacher ?? known?.["teacher"]);
  const document = known ?? (await documentOf(model, semantic));
  const config = checkJson(changed(document, model, teacher, request), name, semanticSchema);
  return { model, semantic, teacher, config };
}

/** The configuration of a run of stage B; undefined when the folder is not that of one. */
async function semanticRunAt(folder: string): Promise<JsonObject | undefined> {
  if (!existsSync(join(folder, "run.json"))) return undefined;
  const { config } = await readRun(folder);
  return config["kind"] === KIND ? config : undefined;
}

async function teacherOf({ name, facts }: PixelModel, wanted: unknown): Promise<PixelModel> {
  const remedy = "Name it with --teacher.";
  if (typeof wanted !== "string") {
    throw new FollowspotError(
      `evaluate: ${name}: expected the folder of its run, which names its teacher, got the model alone.`,
      { remedy },
    );
  }
  if (!existsSync(shippedPath(wanted))) {
    throw new FollowspotError(
      `evaluate: ${name}: expected its teacher at ${wanted}, got none there.`,
      { remedy },
    );
  }
  const teacher = await readPixelModel(wanted);
  const [expected, got] = [facts.semantic!.parents.teacher, teacher.network.digest];
  if (got === expected) return teacher;
  throw new FollowspotError(
    `evaluate: ${wanted}: expected the teacher that ${name} followed, ${expected.slice(0, 12)}, got ${got.slice(0, 12)}.`,
    { remedy },
  );
}

/** A configuration as the folder remembers it; what no target depends on is made up. */
async function documentOf(model: PixelModel, { encoder }: SemanticStudent): Promise<JsonObject> {
  const { name, folder } = model;
  const { semantic } = await readJsonAs(join(folder, TEACHER_FILES.facts), remembered);
  const trained = trainedFor(model);
  if (!trained) {
    throw new FollowspotError(
      `evaluate: ${name}: expected a folder that tells its predictor's steps, got one without.`,
      { remedy: "Give the folder of its run." },
    );
  }
  const { block_out_channels: widths, latent_dim } = encoder.config;
  const { source, factor, wiring, target, guidance } = semantic;
  return {
    ...{ kind: KIND, student_steps: trained.steps, source, factor, wiring, target, guidance },
    ...{ encoder: { width: widths[0], latent_dim }, data: {}, seed: 0 },
    ...{ weight_decay: 0, learning_rate: { peak: 1, floor: 0, warmup: 0 } },
    ...{ ema: { decay: 0 }, sample_every: 1, draw: { count: 1, seed: 0 } },
  };
}

function changed(
  document: JsonObject,
  model: PixelModel,
  teacher: PixelModel,
  { data: path, split = "test", fit, batch = BATCH, seed = 0 }: InformationRequest,
): JsonObject {
  const trained = document["data"] as JsonObject;
  const data = { ...trained, path, split, ...(fit === undefined ? {} : { fit }) };
  return {
    ...document,
    ...{ student: model.folder, teacher: teacher.folder, data, batch, seed },
    ...{ flip: false, class_dropout: 0, budget: UNLIMITED },
  };
}
