// Pictures from a model of pixels as the command line asks for them: into a folder, by batches, gone on with if cut short.

import type { Latent } from "../diffusion/denoiser.js";
import type { Runtime } from "../engine/runtime/session.js";
import { workerRuntime } from "../engine/runtime/worker.js";
import type { Picture } from "../io/image.js";
import { withThreads } from "../training/run/threads.js";
import { toPictures } from "../training/teacher/index.js";
import type { Reporter } from "./draw-request.js";
import { Drawer } from "./sample-draw.js";
import { SampleFolder } from "./sample-folder.js";
import { openTold } from "./sample-like.js";
import type { ToldPictures } from "./sample-like.js";
import { readPixelModel } from "./sample-model.js";
import type { PixelModel } from "./sample-model.js";
import type { SampleEvaluations, SampleReport, SampleRequest } from "./sample-request.js";
import { remarksOn, settingsOf } from "./sample-settings.js";
import type { SampleSettings } from "./sample-settings.js";

const BATCH = 16;

interface Work {
  readonly model: PixelModel;
  readonly settings: SampleSettings;
  readonly folder: SampleFolder;
  /** Numbers of the pictures to make, ascending. */
  readonly missing: readonly number[];
  /** Pictures that the folder is to hold. */
  readonly count: number;
  /** Pictures at a time. */
  readonly batch: number;
  readonly told: ToldPictures | undefined;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
}

/** What the pictures of a call took. */
interface Spent {
  /** Rows that were drawn. */
  readonly rows: number;
  readonly evaluations: SampleEvaluations;
  /** Seconds. */
  readonly drawing: number;
  /** When the networks stood ready, as `performance.now` tells. */
  readonly ready: number;
}

/** As SampleService.samplePictures. */
export async function samplePictures(
  request: SampleRequest,
  reporter: Reporter,
  signal: AbortSignal,
  runtime: Runtime = workerRuntime(),
): Promise<SampleReport> {
  const started = performance.now();
  const { threads, count, batch = BATCH } = request;
  const model = await readPixelModel(request.model);
  const settings = settingsOf(model, request);
  remarksOn(model, settings).forEach((remark) => reporter.note(remark));
  const told =
    settings.like === null
      ? undefined
      : await openTold(model, settings.like, signal, settings.class);
  try {
    const folder = await SampleFolder.open(request.folder, model, settings, told?.digest ?? null);
    const missing = await folder.missing(count);
    const spent = await makePictures({
      ...{ model, settings, folder, missing, count, told, reporter, signal },
      // A batch keeps its pictures whichever of them are missing: a folder gone on with holds the very same bytes.
      batch: Math.min(batch, count),
      runtime: threads === undefined ? runtime : withThreads(runtime, threads),
    });
    return reportOf(request, model, settings, { ...spent, made: missing.length, started });
  } finally {
    reporter.finish();
    await told?.close();
  }
}

async function makePictures(work: Work): Promise<Spent> {
  const { model, settings, missing, count, batch, told, runtime, signal } = work;
  if (missing.length === 0) {
    const evaluations = { network: 0, predictor: 0, latentNetwork: 0, encoder: 0 };
    return { rows: 0, drawing: 0, ready: performance.now(), evaluations };
  }
  const [latents, encoding] = await timed(async () => told?.latents(count, runtime, signal));
  const drawer = await Drawer.create({ model, settings, batch, runtime, told: latents });
  const ready = performance.now() - encoding * 1000;
  try {
    const { rows, drawing } = await drawBatches(work, drawer);
    const evaluations = { ...drawer.evaluations, encoder: encoderEvaluations(told, latents) };
    return { rows, drawing: drawing + encoding, ready, evaluations };
  } finally {
    await drawer.release();
  }
}

async function drawBatches(
  { folder, missing, batch, reporter, signal }: Work,
  drawer: Drawer,
): Promise<Pick<Spent, "rows" | "drawing">> {
  const wanted = new Set(missing);
  let [rows, drawing, done] = [0, 0, 0];
  reporter.start(missing.length, "pictures");
  for (const start of new Set(missing.map((i) => i - (i % batch)))) {
    const numbers = Array.from({ length: batch }, (_, i) => start + i);
    const [drawn, seconds] = await timed(() => drawer.draw(numbers, signal));
    rows += batch;
    drawing += seconds;
    const pictures = toPictures(drawn);
    const kept = numbers.flatMap((i, row) => (wanted.has(i) ? [[i, pictures[row]!] as const] : []));
    await writeAll(folder, kept);
    done += kept.length;
    reporter.step(done, `${(rows / drawing).toFixed(1)} pictures/s`);
  }
  return { rows, drawing };
}

/** Writes pictures at once; when one fails, the others are finished first. */
async function writeAll(
  folder: SampleFolder,
  pictures: readonly (readonly [number: number, picture: Picture])[],
): Promise<void> {
  const results = await Promise.allSettled(
    pictures.map(([i, picture]) => folder.write(i, picture)),
  );
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

function encoderEvaluations(told: ToldPictures | undefined, latents: Latent | undefined): number {
  return told?.encoded ? latents!.shape[0]! : 0;
}

/** What `work` gives, and the seconds that it took. */
async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  const made = await work();
  return [made, (performance.now() - began) / 1000];
}

function reportOf(
  { model: name, folder, count }: SampleRequest,
  model: PixelModel,
  settings: SampleSettings,
  spent: Spent & { readonly made: number; readonly started: number },
): SampleReport {
  const { evaluations: total, rows, made, started, ready, drawing } = spent;
  const { facts } = model.network;
  const { variance, steps, cfg, attentionGuidance, seed, class: chosen } = settings;
  const sampler = variance === null ? settings.sampler : `${settings.sampler}, ${variance}`;
  const each = (evaluations: number): number => (rows === 0 ? 0 : evaluations / rows);
  return {
    ...{ folder, model: name, role: facts.role, digest: model.digest, sampler, steps },
    ...{ cfg, attentionGuidance, seed },
    class: chosen === null ? null : (facts.classes?.[chosen] ?? String(chosen)),
    ...{ count, made },
    evaluations: {
      picture: {
        network: each(total.network),
        predictor: each(total.predictor),
        latentNetwork: each(total.latentNetwork),
        encoder: total.encoder > 0 ? 1 : 0,
      },
      total,
    },
    seconds: {
      preparing: (ready - started) / 1000,
      drawing,
      total: (performance.now() - started) / 1000,
    },
  };
}
