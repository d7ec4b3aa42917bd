// Denoising ability: the error of clean pictures against time, one evaluation each, on held-out pictures.

import { addNoise } from "../diffusion/index.js";
import type { Runtime } from "../engine/runtime/session.js";
import { workerRuntime } from "../engine/runtime/worker.js";
import { curvePlot, errorCurve } from "../metrics/fitting-error/index.js";
import type { Reporter } from "./draw-request.js";
import type { DenoisingReport, DenoisingRequest, TimedError } from "./evaluate-errors-request.js";
import { shortNames } from "./evaluate-names.js";
import { readHeldOut } from "./evaluate-pictures.js";
import type { HeldOut } from "./evaluate-pictures.js";
import {
  jsonOf,
  makeOutput,
  measuredModel,
  momentsOf,
  numbersOf,
  readModels,
  runtimeOf,
  shapeOf,
  withPredictors,
  writeOutput,
} from "./evaluate-shared.js";
import type { PixelModel } from "./sample-model.js";
import { isTrainedAt } from "./sample-settings.js";

interface Work {
  readonly held: HeldOut;
  readonly batch: number;
  readonly times: number;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly onBatch: () => void;
}

/** As ErrorsService.evaluateDenoising. */
export async function evaluateDenoising(
  request: DenoisingRequest,
  reporter: Reporter,
  signal: AbortSignal,
  runtime: Runtime = workerRuntime(),
): Promise<DenoisingReport> {
  const started = performance.now();
  const { count, times, batch } = numbersOf(request);
  const models = await readModels(request.models);
  const held = await readHeldOut(models, { ...request, count }, signal);
  await makeOutput(request.output);
  let done = 0;
  reporter.start(models.length * times * Math.ceil(count / batch), "denoising");
  try {
    const measured: DenoisingReport["models"][number][] = [];
    for (const model of models) {
      const points = await pointsOf(model, {
        ...{ held, batch, times, signal, runtime: runtimeOf(runtime, request.threads) },
        onBatch: () => reporter.step(++done, model.name),
      });
      measured.push({ ...measuredModel(model), points });
    }
    const seconds = (performance.now() - started) / 1000;
    const report = { data: held.report, seed: request.seed ?? 0, models: measured, seconds };
    const files = await writeOutput(request.output, {
      "denoising.png": () => plotOf(report),
      "denoising.json": async () => jsonOf(report),
    });
    return { ...report, files };
  } finally {
    reporter.finish();
  }
}

/** One model at a time is compiled. */
function pointsOf(model: PixelModel, work: Work): Promise<TimedError[]> {
  const { held, times, signal, onBatch } = work;
  const [target, shape] = [held.pictures.data, shapeOf(held)];
  return withPredictors([model], held, work, async ([predictor]) => {
    const points: TimedError[] = [];
    for (const { t, level } of momentsOf(model, times)) {
      const noisy = addNoise(held.pictures, held.noise, level);
      const { x0 } = await predictor!.predict(noisy, held, level, { signal, onBatch });
      const [point] = errorCurve([{ t, prediction: x0, target, shape }]);
      points.push({ ...point!, logSnr: level.logSnr, trained: isTrainedAt(model, t) });
    }
    return points;
  });
}

function plotOf({ models, data }: Omit<DenoisingReport, "files">): Promise<Uint8Array> {
  const names = shortNames(models.map(({ name }) => name));
  const curves = models.map(({ points }, i) => ({ name: names[i]!, points }));
  return curvePlot(curves, `clean pictures in one evaluation, ${data.count} held-out pictures`);
}
