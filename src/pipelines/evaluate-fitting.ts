// Where students err: inside and outside of what their teacher attends to, beside the controls without which that says little.

import { addNoise } from "../diffusion/index.js";
import type { Runtime } from "../engine/runtime/session.js";
import { workerRuntime } from "../engine/runtime/worker.js";
import {
  biasVariance,
  compareMasks,
  errorCurve,
  errorMaps,
} from "../metrics/fitting-error/index.js";
import type { BatchShape } from "../metrics/fitting-error/index.js";
import type { Reporter } from "./draw-request.js";
import { FITTING_TARGETS, SPREAD_LEAST } from "./evaluate-errors-request.js";
import type {
  FittingError,
  FittingPoint,
  FittingReport,
  FittingRequest,
  FittingTarget,
  Spread,
} from "./evaluate-errors-request.js";
import { FittingDrawing } from "./evaluate-fitting-drawing.js";
import type { FittingMoment } from "./evaluate-fitting-drawing.js";
import { Teaching } from "./evaluate-fitting-target.js";
import { shortNames } from "./evaluate-names.js";
import { readHeldOut } from "./evaluate-pictures.js";
import type { HeldOut } from "./evaluate-pictures.js";
import { MASK_THRESHOLD, maskSite } from "./evaluate-predictor.js";
import type { MeasuredPredictor } from "./evaluate-predictor.js";
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
import type { Moment } from "./evaluate-shared.js";
import type { PixelModel } from "./sample-model.js";
import { isTrainedAt, trainedFor } from "./sample-settings.js";

interface Work {
  readonly students: readonly PixelModel[];
  readonly teaching: Teaching;
  readonly held: HeldOut;
  /** Absent when nothing is written. */
  readonly drawing: FittingDrawing | undefined;
  readonly signal: AbortSignal;
  readonly onBatch: () => void;
}

/** As ErrorsService.evaluateFitting. */
export async function evaluateFitting(
  request: FittingRequest,
  reporter: Reporter,
  signal: AbortSignal,
  runtime: Runtime = workerRuntime(),
): Promise<FittingReport> {
  const started = performance.now();
  const { count, times, batch } = numbersOf(request);
  const students = await readModels(request.students);
  const [teacher] = (await readModels([request.teacher])) as [PixelModel];
  const site = maskSite(teacher, request.site);
  remarksOn(students, request.teacherSteps).forEach((remark) => reporter.note(remark));
  const all = [teacher, ...students];
  const held = await readHeldOut(all, { ...request, count }, signal);
  await makeOutput(request.output);
  const drawing = drawingFor(request, held, times);
  const teaching = new Teaching(teacher.network.schedule, students, request.teacherSteps);
  const moments = momentsOf(teacher, times);
  const asked = all.length * times + teaching.further(moments.map(({ t }) => t));
  let done = 0;
  reporter.start(asked * Math.ceil(count / batch), "fitting error");
  try {
    const onBatch = (): void => reporter.step(++done);
    const work = { students, teaching, held, drawing, signal, onBatch };
    const setting = { batch, site, signal, runtime: runtimeOf(runtime, request.threads) };
    const points = await withPredictors(all, held, setting, (opened) =>
      pointsOf(moments, opened, work),
    );
    const report = {
      ...{ data: held.report, seed: request.seed ?? 0, teacher: measuredModel(teacher) },
      ...{ students: students.map(measuredModel), site, threshold: MASK_THRESHOLD, points },
      seconds: (performance.now() - started) / 1000,
    };
    return { ...report, files: await writeFitting(request.output, report, drawing) };
  } finally {
    reporter.finish();
  }
}

/** The pictures beside the figures, where there is a folder for them. */
function drawingFor(
  { output, students }: FittingRequest,
  held: HeldOut,
  times: number,
): FittingDrawing | undefined {
  return output === undefined ? undefined : new FittingDrawing(held, shortNames(students), times);
}

/** The files of a report; none without a folder. */
function writeFitting(
  output: string | undefined,
  report: Omit<FittingReport, "files">,
  drawing: FittingDrawing | undefined,
): Promise<string[]> {
  return writeOutput(output, {
    "fitting-sheet.png": () => drawing!.sheet(),
    "fitting-maps.png": () => drawing!.maps(),
    "fitting.json": async () => jsonOf(report),
  });
}

/** What a person should know of the students before the figures are believed. */
function remarksOn(students: readonly PixelModel[], teacherSteps: number | undefined): string[] {
  const of = (...kinds: string[]): PixelModel[] =>
    students.filter((student) => kinds.includes(trainedFor(student)?.kind ?? ""));
  const distributions = of("distribution").map(
    ({ name }) =>
      `warning: ${name} was held to a distribution and to no picture: "taught" is what its teacher draws of the same noise`,
  );
  const direct = teacherSteps === undefined ? [] : of("reference", "data");
  const idle = direct.map(
    ({ name }) =>
      `warning: --teacher-steps has no part in what ${name} was taught: no teacher walked there`,
  );
  return [...distributions, ...remarksOnGuidance(students), ...idle, ...remarksOnSpread(students)];
}

/** The teacher walks alone here. */
function remarksOnGuidance(students: readonly PixelModel[]): string[] {
  return students.flatMap((student) => {
    const guidance = trainedFor(student)?.guidance;
    if (!guidance) return [];
    return [
      `warning: ${student.name} was distilled under attention guidance of ${guidance.scale}: ` +
        '"taught" is where its teacher leads without',
    ];
  });
}

function remarksOnSpread(students: readonly PixelModel[]): string[] {
  if (students.length < SPREAD_LEAST) return [];
  const kinds = new Set(
    students.map(({ facts: { student, parent } }) =>
      JSON.stringify([student?.steps, student?.target, student?.guidance, parent?.digest]),
    ),
  );
  if (kinds.size === 1) return [];
  return [
    "warning: the students differ in more than their seeds: their variance is not that of training runs",
  ];
}

async function pointsOf(
  moments: readonly Moment[],
  [first, ...others]: readonly MeasuredPredictor[],
  work: Work,
): Promise<FittingPoint[]> {
  const { held, drawing } = work;
  const points: FittingPoint[] = [];
  for (const { t, level } of moments) {
    const noisy = addNoise(held.pictures, held.noise, level);
    const { x0: teacher, mask } = await first!.predict(noisy, held, level, work);
    const students: Float32Array[] = [];
    for (const each of others) students.push((await each.predict(noisy, held, level, work)).x0);
    const moment = { t, level, noisy: noisy.data, mask, teacher, students };
    const place = { t, noisy, first: teacher, picture: held.pictures.data };
    const taught = await work.teaching.at(place, async (x, at) => {
      return (await first!.predict(x, held, at, work)).x0;
    });
    points.push(pointOf({ ...moment, taught }, work));
    drawing?.add(moment);
  }
  return points;
}

function pointOf(
  { taught, ...moment }: FittingMoment & { readonly taught: readonly Float32Array[] },
  { held, students }: Work,
): FittingPoint {
  const { t, level, mask } = moment;
  const [shape, pictures] = [shapeOf(held), held.pictures.data];
  const of = (target: FittingTarget, student: number): Float32Array =>
    ({ taught: taught[student]!, teacher: moment.teacher, picture: pictures })[target];
  const errorTo = (prediction: Float32Array, target: Float32Array): FittingError =>
    fittingError({ ...moment, prediction, target }, shape);
  // Each less its own target, since students may have been taught different things.
  const spreadTo = (target: FittingTarget): Spread => {
    const residuals = moment.students.map((prediction, i) => {
      const its = of(target, i);
      return prediction.map((value, j) => value - its[j]!);
    });
    const none = new Float32Array(pictures.length);
    const { error, bias, variance } = biasVariance(residuals, none);
    return { error, bias, variance };
  };
  return {
    ...{ t, logSnr: level.logSnr },
    masked: mask.reduce((sum, value) => sum + value, 0) / mask.length,
    teacher: errorTo(moment.teacher, pictures),
    students: moment.students.map((prediction, i) => ({
      ...eachTarget((target) => errorTo(prediction, of(target, i))),
      trained: isTrainedAt(students[i]!, t),
    })),
    ...(students.length < SPREAD_LEAST ? {} : { spread: eachTarget(spreadTo) }),
  };
}

function eachTarget<T>(of: (target: FittingTarget) => T): Record<FittingTarget, T> {
  const entries = FITTING_TARGETS.map((target) => [target, of(target)]);
  return Object.fromEntries(entries) as Record<FittingTarget, T>;
}

function fittingError(
  {
    t,
    prediction,
    target,
    mask,
  }: {
    readonly t: number;
    readonly prediction: Float32Array;
    readonly target: Float32Array;
    readonly mask: Float32Array;
  },
  shape: BatchShape,
): FittingError {
  const [point] = errorCurve([{ t, prediction, target, shape }]);
  const { error, standardError } = point!;
  const regions = compareMasks(errorMaps(prediction, target, shape), mask, target, shape);
  return { error, standardError, regions };
}
