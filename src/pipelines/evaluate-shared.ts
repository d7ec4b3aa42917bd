// What the measurements of errors share: models, times, predictors that are released whatever happens, and files.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import type { LogSnrLevel } from "../diffusion/index.js";
import type { Runtime } from "../engine/runtime/session.js";
import { writeFileAtomic } from "../io/atomic.js";
import { fileError } from "../io/file-error.js";
import type { BatchShape } from "../metrics/fitting-error/index.js";
import { withThreads } from "../training/run/threads.js";
import type { ErrorsRequest, MeasuredModel } from "./evaluate-errors-request.js";
import type { HeldOut } from "./evaluate-pictures.js";
import { MeasuredPredictor } from "./evaluate-predictor.js";
import { readPixelModel } from "./sample-model.js";
import type { PixelModel } from "./sample-model.js";
import { trainedFor } from "./sample-settings.js";

const DEFAULTS = { count: 256, times: 8, batch: 16 } as const;

/** A request's numbers, those that are absent filled in. */
export function numbersOf({ count, times, batch }: ErrorsRequest) {
  const taken = count ?? DEFAULTS.count;
  return {
    ...{ count: taken, times: times ?? DEFAULTS.times },
    batch: Math.min(batch ?? DEFAULTS.batch, taken),
  };
}

/** Reads models in turn. Throws FollowspotError when one is named twice, and as `readPixelModel`. */
export async function readModels(names: readonly string[]): Promise<PixelModel[]> {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new FollowspotError(`evaluate: expected each model once, got ${twice} twice.`);
  }
  const models: PixelModel[] = [];
  for (const name of names) models.push(await readPixelModel(name));
  return models;
}

/** What a report says of a model. */
export function measuredModel(model: PixelModel): MeasuredModel {
  const { name, network, digest, semantic } = model;
  const steps = trainedFor(model)?.steps;
  return {
    ...{ name, role: network.facts.role, digest },
    ...(steps === undefined ? {} : { steps }),
    told: semantic !== undefined,
  };
}

/** A time and its noise level. */
export interface Moment {
  readonly t: number;
  readonly level: LogSnrLevel;
}

/** The times i / times of a model's schedule, rising. */
export function momentsOf({ network: { schedule } }: PixelModel, times: number): Moment[] {
  return Array.from({ length: times }, (_, i) => {
    const t = (i + 1) / times;
    return { t, level: schedule.level(t) };
  });
}

export function shapeOf({ pictures }: HeldOut): BatchShape {
  return pictures.shape as unknown as BatchShape;
}

/**
 * Compiles models, the first with a mask where a site is named, for the time of `work`. Sessions are released whatever
 * happens.
 */
export async function withPredictors<T>(
  models: readonly PixelModel[],
  held: HeldOut,
  {
    batch,
    site,
    signal,
    runtime,
  }: {
    readonly batch: number;
    readonly site?: string;
    readonly signal: AbortSignal;
    readonly runtime: Runtime;
  },
  work: (predictors: readonly MeasuredPredictor[]) => Promise<T>,
): Promise<T> {
  const opened: MeasuredPredictor[] = [];
  try {
    for (const model of models) {
      signal.throwIfAborted();
      const setting = { runtime, batch, site: opened.length === 0 ? site : undefined };
      opened.push(await MeasuredPredictor.create(model, held, setting, signal));
    }
    return await work(opened);
  } finally {
    await Promise.all(opened.map((predictor) => predictor.release()));
  }
}

export function runtimeOf(runtime: Runtime, threads: number | undefined): Runtime {
  return threads === undefined ? runtime : withThreads(runtime, threads);
}

/**
 * Makes the folder of a measurement before any of it is done, so that hours are not lost to a wrong name.
 *
 * @throws FollowspotError when the system refuses
 */
export async function makeOutput(folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError("evaluate", folder, error);
  }
}

/** Writes files by their names, each whole or not at all; their paths. Throws FollowspotError when the system refuses. */
export async function writeOutput(
  folder: string | undefined,
  files: Readonly<Record<string, () => Promise<Uint8Array>>>,
): Promise<string[]> {
  if (folder === undefined) return [];
  const paths: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFileAtomic(path, await content());
    paths.push(path);
  }
  return paths;
}

/** A report as a file; what is no number, such as a ratio of an empty side, is null. */
export function jsonOf(report: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(report, null, 2)}\n`);
}
