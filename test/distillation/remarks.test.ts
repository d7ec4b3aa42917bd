// What is told of a run before it trains, with --dry-run and at its start.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { resolveTraining, train } from "../../src/pipelines/train.js";
import { writeTinyTeacher, writeTinyDistillation } from "../training/tiny-teacher.js";
import { writeTinyModels } from "./tiny-models.js";

/** Of three rounds. */
const UPDATES = 3;
let base: string;
let chain: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-remarks-"));
  chain = await writeTinyDistillation(base, 3 * UPDATES);
  // Its students are of 4 steps.
  await writeTinyModels(base);
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

const remarksOf = async (config: string, overrides: Record<string, number | string> = {}) =>
  (await resolveTraining({ config, overrides })).remarks;

it("tells of a warm-up that is as long as a round, and of what helps", async () => {
  const about = (remarks: readonly string[]) =>
    remarks.filter((line) => line.includes("learning_rate"));
  expect(about(await remarksOf(chain, { "learning_rate.warmup": UPDATES - 1 }))).toEqual([]);
  expect(about(await remarksOf(chain, { "learning_rate.warmup": UPDATES }))).toHaveLength(1);
  const long = { "learning_rate.warmup": 2 * UPDATES };
  const expected =
    "warning: learning_rate.warmup: 6 updates in a round of 3: the rate only rises, to 0.005 of its peak of 0.01; " +
    "set it below 3";
  expect(about(await remarksOf(chain, long))).toEqual([expected]);
  const notes: string[] = [];
  const reporter = {
    ...{ start: () => undefined, step: () => undefined, finish: () => undefined },
    note: (line: string) => void notes.push(line),
  };
  const folder = join(base, "run");
  const { signal } = new AbortController();
  await train({ config: chain, overrides: long, threads: 1, folder }, reporter, signal);
  expect(notes).toContain(expected);
  expect(await readFile(join(folder, "log.txt"), "utf8")).toContain(expected);
}, 900_000);

it("tells of a warm-up that is as long as a run without rounds", async () => {
  const teacher = await writeTinyTeacher(base, 3);
  expect(await remarksOf(teacher)).toEqual([
    expect.stringMatching(/^warning: learning_rate\.warmup: 3 updates in a run of 3: .* below 3$/),
  ]);
});

it("tells of a critic that looks through a student, and of features of one", async () => {
  const [teacher, student] = ["teacher", "progressive"].map((name) => join(base, name));
  const adversarial = (network: object) => JSON.stringify({ weight: 0.3, ...network });
  const first = { "rounds.first": 2 };
  const about = async (overrides: Record<string, number | string>) =>
    (await remarksOf(chain, { ...first, ...overrides })).filter((line) =>
      line.includes("a student, trained"),
    );
  expect(await about({ adversarial: adversarial({}) })).toEqual([]);
  expect(await about({ parent: student! })).toEqual([]);
  const through = adversarial({ network: teacher });
  expect(await about({ parent: student!, adversarial: through })).toEqual([]);
  expect(await about({ adversarial: adversarial({ network: student }) })).toEqual([
    "warning: adversarial.network: a student, trained at t = i / 4 alone, through which the critic looks at t from " +
      "0.02 to 0.4; set adversarial.network to the undistilled teacher",
  ]);
  expect(await about({ parent: student!, adversarial: adversarial({}) })).toEqual([
    expect.stringMatching(/^warning: parent: a student, .* critic looks/),
  ]);
  expect(await about({ parent: student!, "target.features": 0.5 })).toEqual([
    expect.stringMatching(/^warning: parent: a student, .* features .* at t = 0\.1$/),
  ]);
});

it("tells of guidance by classes that is not distilled", async () => {
  const about = async (config: string, overrides = {}) =>
    (await remarksOf(config, overrides)).filter((line) => line.includes("classifier-free"));
  const expected =
    /^warning: parent: is drawn with classifier-free guidance of 1\.5, .*not distilled/;
  expect(await about(chain)).toEqual([expect.stringMatching(expected)]);
  const student = { parent: join(base, "progressive"), "rounds.first": 2 };
  expect(await about(chain, student)).toEqual([]);
});
