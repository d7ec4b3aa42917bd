// Sample sheets of encoder and predictor: pictures, and under each what is drawn when the predictor is told of it.

import { basename, join } from "node:path";
import { Generator } from "../../core/generator.js";
import { floats, integers } from "../../core/tensor.js";
import type { Latent } from "../../diffusion/index.js";
import type { Tensors } from "../../engine/runtime/session.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contactSheet } from "../../io/contact-sheet.js";
import { firstOf } from "../../io/dataset/index.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import type { Picture } from "../../io/image.js";
import { toSignedUnit } from "../../training/data/latents.js";
import type { TrainOptions } from "../../training/fit.js";
import { classesInTurn, drawPictures, toPictures } from "../../training/teacher/index.js";
import { CompiledPredictor, fewSteps } from "../few-steps.js";
import type { Continuation } from "../few-steps.js";
import { encodePictures } from "./encode.js";
import { semanticPredict } from "./export.js";
import type { SemanticStudent } from "./export.js";

/** Most pictures beside each other on a sheet. */
const COLUMNS = 16;

/** How a sheet's pictures are drawn. */
export interface ToldDraw {
  /** Picture i has the noise of seed + i. */
  readonly seed: number;
  /** Class of each, where the network has classes; each in turn when absent. */
  readonly labels?: readonly number[] | undefined;
}

/** Steps and continuation, as `followspot sample` draws where nothing else is asked for. */
export function usualRun({ student, trained }: SemanticStudent): {
  readonly steps: number;
  readonly continuation: Continuation;
} {
  const { kind, steps = student.facts.draw?.steps ?? 1 } = trained;
  const own = student.facts.student?.continuation === "renoise" ? "renoise" : "ddim";
  return { steps: kind === "consistency" ? 1 : steps, continuation: trained.continuation ?? own };
}

/** Pictures of what latents [N, D] tell, [N, S, S, C] in [-1, 1]. */
export async function drawTold(
  semantic: SemanticStudent,
  latent: Latent,
  { seed, labels }: ToldDraw,
  { runtime, signal }: Pick<TrainOptions, "runtime" | "signal">,
): Promise<Latent> {
  const { unet, size, schedule } = semantic.student;
  const count = latent.shape[0]!;
  const { steps, continuation } = usualRun(semantic);
  const numbers = Array.from({ length: count }, (_, i) => i);
  const classes = labels ?? classesInTurn(unet, numbers);
  const told: Tensors =
    classes && unet.num_class_embeds !== null ? { classLabels: integers([count], classes) } : {};
  const picture = [size, size, unet.in_channels];
  const denoiser = await CompiledPredictor.create(
    runtime,
    semanticPredict(semantic, count),
    [count, ...picture],
    { extra: { latent, ...told }, evaluations: 2 },
  );
  try {
    return await drawPictures({
      ...fewSteps(schedule, continuation),
      streams: numbers.map((i) => new Generator(BigInt(seed + i))),
      ...{ denoiser, steps, picture, signal },
    });
  } finally {
    await denoiser.release();
  }
}

/** Draws a sheet into the run's folder: a set's first pictures, and under each what is drawn of it. */
export async function drawToldSheet(
  step: number,
  semantic: SemanticStudent,
  data: PictureDataset,
  { count, ...draw }: Omit<ToldDraw, "labels"> & { readonly count: number },
  options: TrainOptions,
): Promise<void> {
  const there = Math.min(count, data.count);
  // Whole rows, so that below each picture is what is drawn of it.
  const shown = there <= COLUMNS ? there : there - (there % COLUMNS);
  const { pixels, labels } = await data.pictures(Array.from({ length: shown }, (_, i) => i));
  const values = new Float32Array(pixels.length);
  toSignedUnit(pixels, values);
  const given = floats([shown, data.size, data.size, data.channels], values);
  const latent = await encodePictures(semantic, firstOf(data, shown), options.runtime, {
    signal: options.signal,
  });
  const told = { ...draw, ...(labels ? { labels: Array.from(labels) } : {}) };
  const drawn = await drawTold(semantic, latent, told, options);
  const columns = Math.min(COLUMNS, shown);
  const pairs = inPairs(toPictures(given), toPictures(drawn), columns);
  await writeSheet(step, pairs, columns, options);
}

/** Rows of the first and of the second in turn. */
function inPairs(above: readonly Picture[], below: readonly Picture[], columns: number): Picture[] {
  const rows = Math.ceil(above.length / columns);
  return Array.from({ length: rows }, (_, row) => {
    const [start, end] = [row * columns, (row + 1) * columns];
    return [...above.slice(start, end), ...below.slice(start, end)];
  }).flat();
}

/** Writes a sheet, and tells of it. */
export async function writeSheet(
  step: number,
  pictures: readonly Picture[],
  columns: number,
  { folder, onSheet }: TrainOptions,
): Promise<void> {
  const path = join(folder, `samples-${String(step).padStart(8, "0")}.png`);
  await writeFileAtomic(path, await contactSheet(pictures, columns));
  onSheet?.(path, `samples at step ${step}: ${basename(path)}`);
}
