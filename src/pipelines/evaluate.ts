// The placement table as the command line asks for it: every method draws the protocol's list, the detector judges.

import { join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import type { Picture } from "../io/image.js";
import { loadDetector } from "../metrics/detector/index.js";
import { ceilingPicture } from "../metrics/ceiling.js";
import { evaluatePlacement as evaluate } from "../metrics/evaluate-placement.js";
import type { DrawnForPlacement, PlacementDraw } from "../metrics/evaluate-placement.js";
import { readProtocol } from "../metrics/protocol.js";
import { evaluateAutoencoder } from "../training/autoencoder/evaluate.js";
import { readAutoencoder } from "../training/autoencoder/folder.js";
import { loadDrawings } from "../training/scenes/index.js";
import type { ProtocolTriple } from "../training/scenes/index.js";
import type { Reporter } from "./draw-request.js";
import type { EvaluateRequest, PlacementTable } from "./evaluate-request.js";
import { METHOD_NAMES } from "./recipe-methods.js";
import { recipeCost } from "./recipe-cost.js";
import { shippedDetector } from "./score-placement.js";
import { digestOf } from "./text-to-image-folder.js";
import { loadPipeline, planOf } from "./text-to-image.js";
import type { TextToImagePipeline } from "./text-to-image.js";

const RUNS = join("runs", "placement");
/** "none" first, so that a list cut short has what the others are compared with. */
const METHODS = ["none", ...METHOD_NAMES.filter((name) => name !== "none")];

/**
 * Draws what earlier calls of the same evaluation have not drawn, under `runs/placement/`, and makes the table.
 *
 * @throws FollowspotError when no detector is at hand, or the list is shorter than `count`; the signal's reason
 *   when aborted: what was drawn is kept
 */
export async function evaluatePlacement(
  request: EvaluateRequest,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<PlacementTable> {
  const { model, split, count, threads } = request;
  const folder = shippedDetector();
  if (folder === undefined) {
    throw new FollowspotError("evaluate: expected a detector in models/detector, found none.", {
      remedy: "Train one: npx tsx scripts/detector.ts.",
    });
  }
  const runtime = nodeRuntime();
  const pipeline = await loadPipeline(model, {
    ...(threads === undefined ? {} : { threads }),
    signal,
  });
  const detector = await loadDetector(folder, runtime);
  const digest = await digestOf(pipeline.model.source.name);
  let started = false;
  try {
    const result = await evaluate({
      protocol: await readProtocol(),
      ...{ split, model, digest, detector, signal, methods: METHODS },
      ...(count === undefined ? {} : { count }),
      draw: (wanted) => drawOne(pipeline, wanted, signal),
      ceiling: await ceilingOf(pipeline),
      folder: join(RUNS, `${model.replace(/[^\w.-]+/g, "-")}-${split}-${digest.slice(0, 12)}`),
      onProgress: (done, total) => {
        if (!started) reporter.start(total, `${model}, ${split} list`);
        started = true;
        reporter.step(done);
      },
    });
    reporter.finish();
    return result;
  } finally {
    await pipeline.close();
    await detector.release();
  }
}

async function drawOne(
  pipeline: TextToImagePipeline,
  { prompt, boxes, seed, method }: PlacementDraw,
  signal: AbortSignal,
): Promise<DrawnForPlacement> {
  const name = METHOD_NAMES.find((known) => known === method)!;
  const options = { prompt, boxes, seed, method: name, signal };
  const [drawn] = await pipeline.pictures(options);
  const { forward, backward } = recipeCost(planOf(pipeline.model, options).order);
  return { picture: drawn!.picture, evaluations: forward + backward };
}

/** A triple's rendered scene through the model's autoencoder. */
async function ceilingOf(
  pipeline: TextToImagePipeline,
): Promise<(triple: ProtocolTriple) => Promise<Picture>> {
  const { source, size } = pipeline.model;
  const autoencoder = await readAutoencoder(join(source.name, "vae"));
  const drawings = await loadDrawings();
  const runtime = nodeRuntime();
  return async (triple) => {
    const { width, height, data } = ceilingPicture(triple, drawings, size[0]);
    const { decoded } = await evaluateAutoencoder(autoencoder, [data], size[0], runtime);
    return { width, height, data: decoded[0]! };
  };
}
