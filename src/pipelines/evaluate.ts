// The placement table as the command line asks for it: every method draws the protocol's list, the detector judges.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import type { Picture } from "../io/image.js";
import { resolveModelFile } from "../io/model-folder.js";
import { loadDetector } from "../metrics/detector/index.js";
import type { Detector } from "../metrics/detector/index.js";
import { ceilingPicture } from "../metrics/ceiling.js";
import { evaluatePlacement as evaluate } from "../metrics/evaluate-placement.js";
import type {
  DrawnForPlacement,
  PlacementDraw,
  PlacementEvaluation,
} from "../metrics/evaluate-placement.js";
import type { RecordsHeader } from "../metrics/evaluation-records.js";
import { readProtocol, triplesOf } from "../metrics/protocol.js";
import { openRoundTrip } from "../training/detector/round-trip.js";
import type { RoundTrip } from "../training/detector/round-trip.js";
import { loadDrawings } from "../training/scenes/index.js";
import type { ProtocolTriple } from "../training/scenes/index.js";
import type { Reporter } from "./draw-request.js";
import { commandOf } from "./evaluate-command.js";
import type { EvaluateRequest, PlacementTable } from "./evaluate-request.js";
import { defaultRows, describeRow, rowsOf } from "./evaluate-rows.js";
import type { DrawnRow } from "./evaluate-rows.js";
import { recipeCost } from "./recipe-cost.js";
import { shippedDetector } from "./score-placement.js";
import { digestOf, readPipelineFolder } from "./text-to-image-folder.js";
import type { PipelineFolder } from "./text-to-image-folder.js";
import { noiseLevels } from "./text-to-image-run.js";
import { loadPipeline, planOf } from "./text-to-image.js";
import type { TextToImagePipeline } from "./text-to-image.js";

const RUNS = join("runs", "placement");

/**
 * Draws what earlier calls of the same evaluation have not drawn, under `runs/placement/`, and makes the table,
 * the page and the sheets.
 *
 * @throws FollowspotError when no detector is at hand, the list is shorter than `count`, or settings are to be
 *   tried on another list than `tune`; the signal's reason when aborted: what was drawn is kept
 */
export async function evaluatePlacement(
  request: EvaluateRequest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<PlacementTable> {
  const { split, count, output } = request;
  const detectorFolder = neededDetector();
  const protocol = await readProtocol();
  triplesOf(protocol, split, count); // refused before a model is loaded
  const model = await readPipelineFolder(request.model);
  const { defaults } = model;
  const rows = rowsOf(request, defaults.methods, defaults.guidance !== undefined);
  const digest = await digestOf(model.folder);
  const settings = await settingsOf(request, model, detectorFolder);
  const folder = runFolder(request, digest, settings);
  const tools = await openTools(request, model, detectorFolder, signal);
  try {
    const result = await evaluate({
      ...{ protocol, split, digest, settings, signal, folder },
      model: request.model,
      methods: rows.map(({ name }) => name),
      draw: drawsOf(tools.pipelines, rows, request, signal),
      jobs: tools.pipelines.length,
      ceiling: await ceilingOf(tools.trip, model.size[0]),
      detector: tools.detector,
      judge: `the shipped detector at its threshold of ${tools.detector.threshold}`,
      command: commandOf(request),
      onProgress: progressOf(reporter, `${request.model}, ${split} list`),
      ...(count === undefined ? {} : { count }),
      ...(output === undefined ? {} : { results: output }),
    });
    reporter.finish();
    reporter.note(`page and sheets: ${output ?? folder}`);
    return result;
  } finally {
    await tools.close();
  }
}

/** The folder of the detector that judges, without which there is no table. */
function neededDetector(): string {
  const folder = shippedDetector();
  if (folder === undefined) {
    throw new FollowspotError("evaluate: expected a detector in models/detector, found none.", {
      remedy: "Train one: npx tsx scripts/detector.ts train.",
    });
  }
  return folder;
}

/** What the pictures depend on besides the model and the list. */
async function settingsOf(
  { settings = {}, threads }: EvaluateRequest,
  { defaults }: PipelineFolder,
  detectorFolder: string,
): Promise<RecordsHeader> {
  const { sampler, steps, cfg } = defaults;
  const weights = await readFile(join(detectorFolder, "model.safetensors"));
  const methods = defaultRows(defaults.methods).map(describeRow);
  return {
    sampler,
    steps: settings.steps ?? steps,
    cfg: settings.cfg ?? cfg,
    ...(threads === undefined ? {} : { threads }),
    detector: createHash("sha256").update(weights).digest("hex").slice(0, 12),
    methods: methods.join("; "),
  };
}

/** One folder for each model, list and settings: what was drawn with others is never mixed in. */
function runFolder(
  { model, split, runs = RUNS }: EvaluateRequest,
  digest: string,
  settings: RecordsHeader,
): string {
  const all = JSON.stringify({ digest, settings });
  const mark = createHash("sha256").update(all).digest("hex").slice(0, 12);
  return join(runs, `${basename(model)}-${split}-${mark}`);
}

/** What draws and what judges. */
interface Tools {
  /** One for each job. */
  readonly pipelines: readonly TextToImagePipeline[];
  readonly detector: Detector;
  readonly trip: RoundTrip;
  close(): Promise<void>;
}

async function openTools(
  { model: name, jobs = 1, threads }: EvaluateRequest,
  { folder, size }: PipelineFolder,
  detectorFolder: string,
  signal: AbortSignal,
): Promise<Tools> {
  const runtime = nodeRuntime();
  const options = threads === undefined ? {} : { threads };
  const opened: (() => Promise<void>)[] = [];
  const kept = <T>(tool: T, free: (tool: T) => Promise<void>): T => {
    opened.push(() => free(tool));
    return tool;
  };
  const close = async (): Promise<void> => void (await Promise.all(opened.map((free) => free())));
  try {
    const pipelines: TextToImagePipeline[] = [];
    for (let job = 0; job < jobs; job++) {
      const pipeline = await loadPipeline(name, { ...options, signal });
      pipelines.push(kept(pipeline, (each) => each.close()));
    }
    const release = (tool: { release(): Promise<void> }): Promise<void> => tool.release();
    const detector = kept(await loadDetector(detectorFolder, runtime, options), release);
    const side = { side: size[0], batch: 1 };
    const vae = await resolveModelFile(folder, "vae");
    const trip = await openRoundTrip(vae, runtime, { ...side, ...options });
    return { pipelines, detector, trip: kept(trip, release), close };
  } catch (error) {
    // What is open already is freed before the fault is told.
    await close();
    throw error;
  }
}

/** Drawing as the table asks for it: by the name of a row and the number of a job. */
function drawsOf(
  pipelines: readonly TextToImagePipeline[],
  rows: readonly DrawnRow[],
  request: EvaluateRequest,
  signal: AbortSignal,
): PlacementEvaluation["draw"] {
  return (wanted, job) => {
    const row = rows.find(({ name }) => name === wanted.method)!;
    return drawOne(pipelines[job]!, wanted, row, request, signal);
  };
}

async function drawOne(
  pipeline: TextToImagePipeline,
  { prompt, boxes, seed }: PlacementDraw,
  { method, strength, until }: DrawnRow,
  { settings: { steps, cfg } = {} }: EvaluateRequest,
  signal: AbortSignal,
): Promise<DrawnForPlacement> {
  const options = {
    ...{ prompt, seed, method, strength, until, signal },
    // Plain sampling would look at the boxes' share of attention, which nobody asks for here.
    boxes: method.name === "none" ? [] : boxes,
    ...(steps === undefined ? {} : { steps }),
    ...(cfg === undefined ? {} : { cfg }),
  };
  const [drawn] = await pipeline.pictures(options);
  const { order } = planOf(pipeline.model, options);
  const run = noiseLevels(order, pipeline.model.schedule);
  const { forward, backward } = recipeCost(order, { run, takesGuidance: order.takesGuidance });
  return { picture: drawn!.picture, evaluations: forward + backward };
}

/** A triple's rendered scene through the model's autoencoder. */
async function ceilingOf(
  trip: RoundTrip,
  side: number,
): Promise<(triple: ProtocolTriple) => Promise<Picture>> {
  const drawings = await loadDrawings();
  return async (triple) => {
    const { width, height, data } = ceilingPicture(triple, drawings, side);
    const [decoded] = await trip.run([data]);
    return { width, height, data: decoded! };
  };
}

/** Progress over what is missing: pictures on record would make the time left look short. */
function progressOf(reporter: Reporter, label: string): (done: number, missing: number) => void {
  return (done, missing) => {
    if (done === 0 && missing > 0) reporter.start(missing, label);
    if (done > 0) reporter.step(done);
  };
}
