// A whole step of progressive distillation: the teacher's targets, guided by its attention or not, and the student's update,
// as `followspot train` runs it on the pixel net of configs/cifar10-teacher.json with weights that mean nothing.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { drawIntervals, gridFeeds } from "../src/distillation/grid.js";
import { distillationSchema, roundsOf } from "../src/distillation/run/config.js";
import type { DistillationConfig, Round } from "../src/distillation/run/config.js";
import { roundLoss } from "../src/distillation/run/round.js";
import type { HostTensor } from "../src/core/tensor.js";
import type { Guidance } from "../src/distillation/run/guidance.js";
import { logSnrSchedule } from "../src/diffusion/index.js";
import { modelFlops } from "../src/engine/flops.js";
import type { CompileOptions, Runtime } from "../src/engine/runtime/session.js";
import { blurFor, blurMatrix } from "../src/guidance/self-attention/index.js";
import { initialise } from "../src/nn/init.js";
import { InputWeights } from "../src/nn/input-weights.js";
import type { Packing } from "../src/nn/packed-weights.js";
import { streamOf } from "../src/training/data/streams.js";
import { trainingStep } from "../src/training/step.js";
import { teacherPacking, teacherSchema } from "../src/training/teacher/index.js";
import type { Teacher, TeacherConfig } from "../src/training/teacher/index.js";
import { initialState, Trainer } from "../src/training/trainer.js";
import { noise } from "./fill.js";
import type { PeerRequest } from "./peers/torch-peer.js";
import { timed } from "./work.js";
import type { Work } from "./work.js";

const STEPS = 8; // of the student
const GUIDANCE = { scale: 1.3 };

export interface DistillationOptions extends CompileOptions {
  readonly name: string;
  readonly batch: number;
  /** Whether the teacher is guided by its attention. */
  readonly guided: boolean;
}

function configOf(batch: number, guided: boolean): DistillationConfig {
  return distillationSchema.parse({
    ...{ kind: "distillation", parent: "none", data: { path: "none" } },
    ...{ target: { kind: "progressive" }, rounds: { first: STEPS, last: STEPS } },
    ...{ guidance: guided ? GUIDANCE : null, budget: 1_000_000, flip: false, seed: 1, batch },
    learning_rate: { peak: 1e-5, floor: 0, warmup: 0 },
    ...{ weight_decay: 0, ema: { decay: 0.999 }, sample_every: 1, draw: { count: 1, seed: 1 } },
  });
}

/** The net that is distilled. */
function readDocument(): { config: TeacherConfig; json: Readonly<Record<string, unknown>> } {
  const path = new URL("../configs/cifar10-teacher.json", import.meta.url);
  const json = JSON.parse(readFileSync(path, "utf8")) as { unet: Record<string, unknown> };
  return { config: teacherSchema.parse(json), json: json.unet };
}

/** The teacher of the net in configs/cifar10-teacher.json, and how its student's weights are packed. */
function madeUpTeacher(config: DistillationConfig): { parent: Teacher; packing: Packing } {
  const { config: document } = readDocument();
  const { unet, head, schedule } = document;
  const packing = teacherPacking(document);
  const weights = initialise(packing.specs, streamOf(config.seed, 0));
  const facts = { role: "teacher", head, schedule };
  const made = { unet, head, facts, weights, schedule: logSnrSchedule(schedule) };
  return { parent: { ...made, size: Number(unet.sample_size), digest: "" }, packing };
}

/** Model FLOPs of a step: all forward passes, and twice the student's again for its gradient. */
function flopsOf(config: DistillationConfig, parent: Teacher, round: Round, packing: Packing) {
  const whole = new InputWeights();
  const { loss } = roundLoss(
    config,
    { parent, teacher: parent.weights },
    round,
    packing,
  )(whole, whole.graph);
  whole.graph.output("loss", loss);
  const forward = modelFlops(whole.graph);
  return (forward * (round.evaluations + 2)) / round.evaluations;
}

/** The levels of every picture's way and its weight. */
function gridOf({ batch, target }: DistillationConfig): Record<string, HostTensor> {
  const { kind, substeps, loss: weighting, gap } = target;
  const schedule = logSnrSchedule(readDocument().config.schedule);
  const grid = { kind, schedule, steps: STEPS, substeps, weighting, gap };
  return gridFeeds(drawIntervals(batch, STEPS, 0.5), grid);
}

/** The same step for PyTorch: the same net, levels and weights. */
export function distillationRequest({
  batch,
  guided,
  threads = 1,
}: DistillationOptions): PeerRequest {
  const config = configOf(batch, guided);
  const grid = gridOf(config);
  const numbers = (name: string): number[] => Array.from(grid[name]!.data as Float32Array);
  const parts = ["alpha", "sigma", "timestep", "keep", "gain", "mix"];
  const path = Array.from({ length: config.target.substeps }, (_, j) =>
    Object.fromEntries(parts.map((part) => [part, numbers(`path.${j}.${part}`)])),
  );
  const { json } = readDocument();
  return {
    ...{ kind: "distillation", config: json, batch, threads, path, weight: numbers("weight") },
    guidance: config.guidance && guidanceOf(config.guidance, Number(json.sample_size)),
  };
}

/** Guidance in numbers: blurring is a product with a matrix on either side. */
const guidanceOf = ({ scale, threshold }: Guidance, size: number) => ({
  ...{ scale, threshold, blur: Array.from(blurMatrix(size, blurFor(size))) },
});

/** One step of the first round, teacher and student in one graph. */
export async function distillationWork(
  runtime: Runtime,
  { name, batch, guided, ...compile }: DistillationOptions,
): Promise<Work> {
  const start = performance.now();
  const config = configOf(batch, guided);
  const { parent, packing } = madeUpTeacher(config);
  const [round] = roundsOf(config) as [Round];
  const loss = roundLoss(config, { parent, teacher: parent.weights }, round, packing);
  const session = await runtime.compile(trainingStep(packing, loss), {
    spinning: true,
    ...compile,
  });
  const openSeconds = (performance.now() - start) / 1000;
  const state = initialState(packing.pack(parent.weights));
  const trainer = new Trainer(session, state, { learningRate: () => 1e-5 });
  const { size, unet } = parent;
  const shape = [batch, size, size, unet.in_channels];
  const feeds = {
    ...{ pictures: noise(shape), noise: noise(shape, 1.7, 2) },
    ...gridOf(config),
  };
  return {
    name,
    flops: flopsOf(config, parent, round, packing),
    parameters: packing.size,
    openSeconds,
    run: () => timed(() => trainer.step(feeds)),
    release: () => session.release(),
  };
}
