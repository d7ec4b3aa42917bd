// Sample sheets of a student: as many steps as it is drawn in, fixed seeds, each class in turn.

import { basename, join } from "node:path";
import { Generator } from "../../core/generator.js";
import { integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Latent } from "../../diffusion/index.js";
import type { Tensors } from "../../engine/runtime/session.js";
import { writeFileAtomic } from "../../io/atomic.js";
import { contactSheet } from "../../io/contact-sheet.js";
import { PackedWeights } from "../../nn/packed-weights.js";
import type { TrainOptions } from "../../training/fit.js";
import {
  classesInTurn,
  drawPictures,
  teacherPacking,
  toPictures,
} from "../../training/teacher/index.js";
import type { Teacher } from "../../training/teacher/index.js";
import { CompiledPredictor, fewSteps } from "../few-steps.js";
import type { Continuation, Evaluations } from "../few-steps.js";
import { classLabelsOf, pictureNetwork } from "../network.js";
import type { DistillationConfig } from "./config.js";

/** A student of a parent's form, and how it is drawn. */
export interface StudentFacts {
  readonly parent: Teacher;
  readonly steps: number;
  readonly continuation: Continuation;
  readonly draw: DistillationConfig["draw"];
}

/** How a student's runs go on: consistency students see fresh noise. */
export function continuationOf({ target }: Pick<DistillationConfig, "target">): Continuation {
  return target.kind === "consistency" || target.kind === "endpoint" ? "renoise" : "ddim";
}

/**
 * Pictures [count, S, S, C] in [-1, 1], and the network evaluations that they took: picture i has the noise of
 * seed + i and class i, in turn.
 */
export async function drawStudent(
  { parent, steps, continuation, draw }: StudentFacts,
  average: HostTensor<"float32">,
  { runtime, signal }: Pick<TrainOptions, "runtime" | "signal">,
): Promise<{ readonly pictures: Latent; readonly spent: Evaluations }> {
  const { unet, head, size, schedule } = parent;
  const { count, seed } = draw;
  const packing = teacherPacking(parent);
  const picture = [size, size, unet.in_channels];
  const numbers = Array.from({ length: count }, (_, i) => i);
  const classes = classesInTurn(unet, numbers);
  const labels: Tensors = classes ? { classLabels: integers([count], classes) } : {};
  const student = await CompiledPredictor.create(
    runtime,
    (graph) => {
      const vector = graph.input("parameters", "float32", [packing.size]);
      const classLabels = classLabelsOf(graph, unet, count);
      return pictureNetwork(new PackedWeights(vector, packing), unet, { head, classLabels })
        .predict;
    },
    [count, ...picture],
    { extra: { parameters: average, ...labels } },
  );
  try {
    const pictures = await drawPictures({
      ...fewSteps(schedule, continuation),
      streams: numbers.map((i) => new Generator(BigInt(seed + i))),
      ...{ denoiser: student, steps, picture, signal },
    });
    return { pictures, spent: student.spent };
  } finally {
    await student.release();
  }
}

/** Draws a sheet into the run's folder. */
export async function drawStudentSheet(
  step: number,
  facts: StudentFacts,
  average: HostTensor<"float32">,
  options: TrainOptions,
): Promise<void> {
  const { pictures } = await drawStudent(facts, average, options);
  const drawn = toPictures(pictures);
  const columns = Math.ceil(Math.sqrt(drawn.length));
  const { steps } = facts;
  const path = join(options.folder, `samples-${String(step).padStart(8, "0")}-s${steps}.png`);
  await writeFileAtomic(path, await contactSheet(drawn, columns));
  options.onSheet?.(path, `samples of ${steps} steps at step ${step}: ${basename(path)}`);
}
