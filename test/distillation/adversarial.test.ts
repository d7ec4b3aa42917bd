// A critic beside a target: whom its losses move, by finite differences, and runs in which it judges one round.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { integers } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { logSnrSchedule } from "../../src/diffusion/index.js";
import { gridFeeds } from "../../src/distillation/index.js";
import { taskOf } from "../../src/distillation/kinds.js";
import { criticFeeds } from "../../src/distillation/run/adversarial.js";
import { distillationSchema, roundsOf } from "../../src/distillation/run/config.js";
import { roundLoss, roundPacking } from "../../src/distillation/run/round.js";
import { Graph } from "../../src/engine/graph.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { PackedWeights } from "../../src/nn/packed-weights.js";
import { inspectPixelModel } from "../../src/pipelines/inspect-pixels.js";
import { withThreads } from "../../src/training/run/threads.js";
import { readTeacher } from "../../src/training/teacher/index.js";
import type { Teacher } from "../../src/training/teacher/index.js";
import { expectClose } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import { TINY_SIZE, writeTinyPictures, writeTinyTeacherModel } from "../training/tiny-teacher.js";
import { trainUntil } from "./train-until.js";

const BATCH = 2;
const WEIGHT = 0.75;
const runtime = withThreads(nodeRuntime(), 1);
let base: string;
let teacher: Teacher;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-adversarial-"));
  await writeTinyPictures(join(base, "pictures"));
  for (const name of ["v", "x0"]) await writeTinyTeacherModel(name, join(base, name));
  teacher = await readTeacher(join(base, "v"));
});

afterAll(() => rm(base, { recursive: true, force: true }));

const documentOf = (changes: object = {}) => ({
  ...{ kind: "distillation", parent: join(base, "v"), data: { path: join(base, "pictures") } },
  ...{ target: { kind: "progressive" }, rounds: { first: 2, last: 1 } },
  ...{ adversarial: { weight: WEIGHT }, budget: 48, flip: true, seed: 3, batch: 4 },
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 },
  ...{ weight_decay: 0, ema: { decay: 0.5 }, sample_every: 2, draw: { count: 2, seed: 1 } },
  ...changes,
});

const random = (seed: number, shape: readonly number[]): HostTensor<"float32"> =>
  new Generator(BigInt(seed)).randn(shape);

describe("the losses of student and critic", () => {
  type Player = "student" | "critic";
  const STEP = 1e-5;

  /** All that a round of two steps tells where one player has moved by so much, in float64. */
  const round = () => {
    const rounds = { first: 2, last: 2 };
    const config = distillationSchema.parse(documentOf({ rounds, batch: BATCH }));
    const [its] = roundsOf(config);
    const packing = roundPacking(config, teacher, its!);
    const owners = new Array<Player>(packing.size).fill("student");
    for (const { name, shape } of packing.specs) {
      if (!name.startsWith("critic.")) continue;
      const start = packing.offsetOf(name);
      owners.fill("critic", start, start + shape.reduce((a, b) => a * b, 1));
    }
    const graph = new Graph();
    const vector = graph.input("parameters", "float32", [packing.size]);
    const weights = new PackedWeights(vector, packing);
    const parts = { parent: teacher, teacher: teacher.weights };
    const { loss, report } = roundLoss(config, parts, its!, packing)(weights, graph);
    graph.output("gradient", weights.gradient(loss));
    for (const [name, value] of Object.entries({ loss, ...report })) graph.output(name, value);
    const schedule = logSnrSchedule({ kind: "cosine" });
    const shape = [BATCH, TINY_SIZE, TINY_SIZE, 1];
    const grid = { kind: "progressive", steps: 2, substeps: 2, weighting: "constant" } as const;
    const feeds = {
      ...{ pictures: random(1, shape), noise: random(2, shape) },
      classLabels: integers([BATCH], [0, 1]),
      ...gridFeeds([1, 2], { ...grid, schedule }),
      ...criticFeeds(config.adversarial!, schedule, shape, new Generator(5n)),
    };
    const point = random(3, [packing.size]).data.map((value) => 0.3 * value);
    const direction = random(4, [packing.size]).data;
    const at = (by: number, player: Player) => {
      const data = Float64Array.from(point, (value, i) =>
        owners[i] === player ? value + by * direction[i]! : value,
      );
      const parameters = { dtype: "float32", shape: [packing.size], data } as const;
      return evaluate(graph, { ...feeds, parameters });
    };
    const slopeOf = (player: Player): number => {
      const { data } = at(0, player)["gradient"]!;
      return direction.reduce(
        (sum, along, i) => (owners[i] === player ? sum + along * data[i]! : sum),
        0,
      );
    };
    const differenceOf = (name: string, player: Player): number => {
      const value = (by: number): number => at(by, player)[name]!.data[0]!;
      return (value(STEP) - value(-STEP)) / (2 * STEP);
    };
    return { slopeOf, differenceOf, at };
  };

  it("move the student to its target and to pass, and the critic to tell", () => {
    const { slopeOf, differenceOf, at } = round();
    const { loss, error, passing, telling } = at(0, "student");
    const [whole, off, passed, told] = [loss, error, passing, telling].map((x) => x!.data[0]!);
    expectClose([whole!], [off! + WEIGHT * passed! + told!], { relative: 1e-9, absolute: 0 });
    const pass = differenceOf("passing", "student");
    expect(Math.abs(pass)).toBeGreaterThan(1e-3);
    const both = differenceOf("error", "student") + WEIGHT * pass;
    expectClose([slopeOf("student")], [both], { relative: 1e-5, absolute: 0 });
    const tell = differenceOf("telling", "critic");
    expect(Math.abs(tell)).toBeGreaterThan(1e-3);
    expectClose([slopeOf("critic")], [tell], { relative: 1e-5, absolute: 0 });
  });
});

const run = (name: string, changes: object = {}, stop?: number) =>
  trainUntil(taskOf(documentOf(changes)), join(base, name), stop);

describe("a run with a critic", () => {
  it("judges the last round, counts that, and goes on bit for bit", async () => {
    const rounds = (changes: object) =>
      roundsOf(distillationSchema.parse(documentOf(changes))).map(({ updates }) => updates);
    expect(rounds({})).toEqual([4, 3]);
    expect(rounds({ adversarial: { weight: 1, rounds: "all" } })).toEqual([3, 3]);
    expect(rounds({ adversarial: null })).toEqual([4, 4]);
    const whole = await run("whole");
    expect((await run("broken", {}, 5)).done).toBe(false);
    const broken = await run("broken");
    expect(broken.trainer.state.parameters.data).toEqual(whole.trainer.state.parameters.data);
    const heads = whole.packing.specs.filter(({ name }) => name.startsWith("critic."));
    expect(heads).toHaveLength(16);
  }, 900_000);

  it("moves the critic by its multiple of the rate, and the student as without", async () => {
    const after = async (rate: number) => {
      // One update.
      const changes = { rounds: { first: 1, last: 1 }, budget: 16 };
      const its = { ...changes, adversarial: { weight: WEIGHT, rate } };
      const { packing, trainer } = await run(`rate-${rate}`, its);
      return packing.unpack(trainer.state.parameters.data);
    };
    const [once, twice, thrice] = [await after(1), await after(2), await after(3)];
    const apart = (a: typeof once, b: typeof once, critic: boolean): number => {
      const names = [...a.keys()].filter((name) => name.startsWith("critic.") === critic);
      const values = (of: typeof once) => names.flatMap((name) => Array.from(of.get(name)!.data));
      const others = values(b);
      return values(a).reduce((sum, value, i) => sum + Math.abs(value - others[i]!), 0);
    };
    expect(apart(once, twice, true)).toBeGreaterThan(0);
    expect(apart(once, thrice, true) / apart(once, twice, true)).toBeCloseTo(2, 3);
    expect(apart(once, thrice, false)).toBe(0);
  }, 900_000);

  it("writes students without critics, which say that they were judged", async () => {
    const { task, folder, packing, trainer } = await run("written", {
      adversarial: { weight: WEIGHT, rounds: "all", network: join(base, "v") },
    });
    const model = join(folder, "model");
    const trained = { packing, average: trainer.state.average, step: trainer.completed };
    await task.export(trained, model, runtime);
    for (const path of [model, join(folder, "students", "2")]) {
      const names = [...(await readTeacher(path)).weights.keys()];
      expect(names.sort()).toEqual([...teacher.weights.keys()].sort());
    }
    const facts = JSON.parse(await readFile(join(model, "followspot.json"), "utf8")) as object;
    expect(facts).toMatchObject({ student: { target: { adversarial: WEIGHT }, evaluations: 96 } });
    expect((await inspectPixelModel("judged", model)).facts).toMatchObject({
      target: "progressive, no guidance, adversarial 0.75",
    });
  }, 900_000);

  it("refuses a network of another form, and times in the wrong order", async () => {
    const network = join(base, "x0");
    await expect(
      taskOf(documentOf({ adversarial: { weight: 1, network } })).check(),
    ).rejects.toThrow(
      /expected adversarial\.network and parent of one form, got .*sigmoid.* and .*cosine/,
    );
    expect(() => taskOf(documentOf({ adversarial: { weight: 1, from: 0.5 } }))).toThrow(
      /adversarial\.from: expected less than to, 0\.4, got 0\.5/,
    );
    expect(() => taskOf(documentOf({ adversarial: { weight: 0 } }))).toThrow(/adversarial\.weight/);
  });
});
