// Drawing as the faces ask for it: describe a model, tell what a request means, draw it to PNG files in memory.

import { availableParallelism } from "node:os";
import { FollowspotError } from "../core/errors.js";
import type { Runtime } from "../engine/runtime/session.js";
import { workerRuntime } from "../engine/runtime/worker.js";
import { programVersions } from "./draw-version.js";
import { loadDetector } from "../metrics/detector/index.js";
import { downloadReport } from "./draw-download.js";
import { picturesOf } from "./draw-images.js";
import type { DrawnPicture, DrawPlan, DrawRequest, ModelFacts, Reporter } from "./draw-request.js";
import type { Recipe } from "./recipe.js";
import { digestOf, readPipelineFolder } from "./text-to-image-folder.js";
import type { DrawOptions } from "./text-to-image-order.js";
import { PlacementJudge, shippedDetector } from "./score-placement.js";
import { coarseSites } from "./text-to-image-run.js";
import { loadPipeline, planOf } from "./text-to-image.js";
import type { TextToImagePipeline } from "./text-to-image.js";
import { sitesOf } from "../models/unet/index.js";

/** What resolving a recipe needs to know of a model. As DrawService.describeModel. */
export async function describeModel(
  name: string,
  reporter?: Reporter,
  signal?: AbortSignal,
): Promise<ModelFacts> {
  const onDownload = reporter && downloadReport(reporter);
  const model = await readPipelineFolder(name, { onDownload, signal }).finally(() =>
    reporter?.finish(),
  );
  const { factor, size, defaults } = model;
  const [width, height] = [size[0] / factor, size[1] / factor];
  const sites = sitesOf(model.unet, height, width, model.tokenizer.maxLength);
  const finest = Math.max(...coarseSites(sites, height * width).map((site) => site.width));
  return {
    name,
    digest: await digestOf(model.folder),
    size,
    sizeMultiple: factor,
    cell: size[0] / finest,
    defaults,
    takesNegative: defaults.guidance === undefined && model.unet.time_cond_proj_dim === null,
    backend: { provider: "cpu", threads: availableParallelism() },
    versions: programVersions(),
  };
}

/** What can be said of a request before it is drawn. As DrawService.planPictures. */
export async function planPictures(request: DrawRequest): Promise<DrawPlan> {
  const model = await readPipelineFolder(request.recipe.model.name);
  const { boxes, warnings, order } = planOf(model, {
    ...optionsOf(request),
    seeds: request.seeds,
  });
  return { boxes, warnings, takesGuidance: order.takesGuidance };
}

/** Draws one picture after another. As DrawService.drawPictures. */
export async function* drawPictures(
  request: DrawRequest,
  reporter: Reporter,
  signal: AbortSignal,
): AsyncGenerator<DrawnPicture, void, void> {
  const began = performance.now();
  const { pipeline, judge } = await machineryOf(request.recipe);
  let load = performance.now() - began;
  const { recipe, seeds, compare } = request;
  reporter.start(seeds.length * recipe.steps * (compare ? 2 : 1), "drawing");
  let done = 0;
  const tick = (): void => reporter.step(++done);
  for (const seed of seeds) {
    const own: Recipe = { ...recipe, seed };
    const options = { ...optionsOf(request), seeds: [seed], previews: false, signal };
    const { picture, milliseconds } = await drawOne(pipeline, options, tick);
    const judging = performance.now();
    const scores = await judge?.score(picture.picture, own.boxes);
    const score = performance.now() - judging;
    const plain = compare
      ? await drawOne(pipeline, { ...options, method: "none", boxes: [], heatmaps: [] }, tick)
      : undefined;
    yield {
      recipe: own,
      images: await picturesOf({ ...request, recipe: own }, picture, plain?.picture),
      boxes: picture.boxes.map((box, i) => {
        const placement = scores?.[i];
        return placement ? { ...box, placement } : box;
      }),
      milliseconds: { load, ...milliseconds, ...(scores ? { score } : {}) },
    };
    load = 0;
  }
  reporter.finish();
}

async function drawOne(pipeline: TextToImagePipeline, options: DrawOptions, tick: () => void) {
  for await (const { pictures, milliseconds } of pipeline.draw(options)) {
    tick();
    if (pictures) return { picture: pictures[0]!, milliseconds: milliseconds! };
  }
  throw new Error("draw: expected a picture at the last step, got none");
}

function optionsOf({ recipe, heatmaps }: DrawRequest): DrawOptions {
  const { prompt, negative, boxes, method, sampler, steps, cfg, seed, size } = recipe;
  const sampling = { sampler, steps, cfg, seeds: [seed], size, force: true };
  return { prompt, negative, boxes, method, heatmaps, ...sampling };
}

/** What draws a recipe's pictures and what judges them. */
interface Machinery {
  readonly pipeline: TextToImagePipeline;
  readonly judge: PlacementJudge | undefined;
}

let held: { key: string; machinery: Promise<Machinery> } | undefined;

/** The machinery for a recipe's model; the one used last is kept. */
async function machineryOf({ model, backend }: Recipe): Promise<Machinery> {
  const { provider, threads } = backend;
  if (provider === "wasm") {
    throw new FollowspotError("backend: expected cpu or webgpu here, got wasm.", {
      remedy: "Wasm runs in the browser.",
    });
  }
  const key = JSON.stringify([model, backend]);
  if (held?.key !== key) {
    const before = held;
    held = { key, machinery: load(model.name, workerRuntime(provider), threads) };
    held.machinery.catch(() => {
      if (held?.key === key) held = undefined;
    });
    await before?.machinery.then(release, () => undefined);
  }
  return held.machinery;
}

async function load(name: string, runtime: Runtime, threads: number): Promise<Machinery> {
  const pipeline = await loadPipeline(name, { runtime, threads });
  const { words } = pipeline.model;
  const detector = shippedDetector();
  if (!detector || !words) return { pipeline, judge: undefined };
  const open = () => loadDetector(detector, runtime, { threads });
  return { pipeline, judge: new PlacementJudge(open, words) };
}

async function release({ pipeline, judge }: Machinery): Promise<void> {
  await Promise.all([pipeline.close(), judge?.release()]);
}
