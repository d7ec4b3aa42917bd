// Measurements of errors that are refused, stopped or fail, and what the command line makes of them.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runWith } from "../../src/cli/test-context.js";
import { FollowspotError } from "../../src/core/errors.js";
import type { Runtime } from "../../src/engine/runtime/session.js";
import { evaluateDenoising } from "../../src/pipelines/evaluate-denoising.js";
import type { FittingRequest } from "../../src/pipelines/evaluate-errors-request.js";
import { evaluateFitting } from "../../src/pipelines/evaluate-fitting.js";
import { evaluateInformation } from "../../src/pipelines/evaluate-information.js";
import { errorsIn, never, picturesIn, runtime, silent, writeErrorModels } from "./error-models.js";

let base: string;
let data: string;
let denoising: ReturnType<typeof errorsIn>["denoising"];
let fitting: ReturnType<typeof errorsIn>["fitting"];
let information: ReturnType<typeof errorsIn>["information"];

const at = (name: string): string => join(base, name);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-errors-"));
  await writeErrorModels(base);
  data = picturesIn(base);
  ({ denoising, fitting, information } = errorsIn(base));
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

describe("refused are", () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      "too few pictures",
      () => denoising(["teacher"], { count: 11 }),
      /expected at least 11 pictures, got 10.*--count/,
    ],
    [
      "pictures of another size",
      () => denoising(["teacher"], { data: at("large"), count: 4 }),
      /expected pictures of 8x8, as .*got 12x12.*--fit/,
    ],
    [
      "pictures in colour",
      () => denoising(["teacher"], { data: at("hues"), count: 4 }),
      /expected grey pictures/,
    ],
    ["a model of colour", () => denoising(["colour"]), /expected pictures of 3 channels.*got 1/],
    [
      "models of two forms",
      () => denoising(["teacher", "colour"]),
      /models of one size.*8x8x1 .*8x8x3/,
    ],
    [
      "models of two schedules",
      () => denoising(["teacher", "x0"]),
      /one size.*schedule.*cosine.*sigmoid/,
    ],
    ["a model twice", () => denoising(["teacher", "teacher"]), /each model once/],
    ["a folder that is not there", () => denoising(["nowhere"]), /got none of that name/],
    [
      "a data set that is not there",
      () => denoising(["teacher"], { data: at("nothing") }),
      /nothing: no such file/,
    ],
    [
      "a teacher without attention",
      () => fitting(["copy"], { teacher: at("blind") }),
      /blind: expected a teacher with self-attention/,
    ],
    [
      "a teacher with a predictor",
      () => fitting(["copy"], { teacher: at("semantic") }),
      /semantic: expected a network alone/,
    ],
    [
      "an unknown site",
      () => fitting(["copy"], { site: "up.9" }),
      /--site: expected one of down.*got "up.9"/,
    ],
    ["a student alone", () => information("progressive"), /expected a student with encoder/],
    ["a model without its teacher", () => information("semantic"), /--teacher/],
    [
      "another teacher",
      () => information("semantic", { teacher: at("progressive") }),
      /expected the teacher that .* followed, \w{12}, got \w{12}/,
    ],
    [
      "too few for the batches",
      () => information("semantic", { teacher: at("teacher"), batches: 3 }),
      /expected at least 12 pictures, got 10.*--batches/,
    ],
    [
      "an output in the place of a file",
      () => denoising(["teacher"], { output: data }),
      /train-images-idx3-ubyte/,
    ],
  ])("%s", async (_, run, message) => {
    const error: unknown = await run().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FollowspotError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).not.toContain("\n");
  });
});

/** A runtime that counts its sessions and calls `onRun` before each run. */
function counting(onRun: () => void) {
  const open = { count: 0, compiled: 0 };
  const counted: Runtime = {
    name: runtime.name,
    async compile(graph, options) {
      const session = await runtime.compile(graph, options);
      open.count++;
      open.compiled++;
      return {
        run: async (...asked) => (onRun(), session.run(...asked)),
        release: () => (open.count--, session.release()),
      };
    },
  };
  return { open, counted };
}

describe("whatever happens", () => {
  const fittingOf = (): FittingRequest => ({
    ...{
      teacher: at("teacher"),
      students: ["progressive", "semantic"].map(at),
      ...errorsIn(base).numbers,
    },
  });

  it("sessions are released when a run fails or is stopped, and nothing is written", async () => {
    const failing = counting(() => {
      throw new Error("no memory");
    });
    await expect(evaluateFitting(fittingOf(), silent, never, failing.counted)).rejects.toThrow(
      "no memory",
    );
    let runs = 0;
    const controller = new AbortController();
    const stopped = counting(() => {
      if (++runs === 5) controller.abort();
    });
    const request = { ...fittingOf(), output: at("stopped") };
    await expect(
      evaluateFitting(request, silent, controller.signal, stopped.counted),
    ).rejects.toThrow(/abort/i);
    expect(runs).toBe(5);
    expect(await readdir(at("stopped"))).toEqual([]);
    for (const { open } of [failing, stopped]) {
      expect(open.count).toBe(0);
      expect(open.compiled).toBeGreaterThan(0);
    }
  }, 900_000);

  it("the information test stops too", async () => {
    const controller = new AbortController();
    const { open, counted } = counting(() => controller.abort());
    const request = { model: at("semantic"), teacher: at("teacher"), data, batches: 2, batch: 4 };
    await expect(evaluateInformation(request, silent, controller.signal, counted)).rejects.toThrow(
      /abort/i,
    );
    expect(open).toEqual({ count: 0, compiled: 1 });
  }, 900_000);
});

describe("the command line", () => {
  const services = {
    errors: () =>
      Promise.resolve({
        evaluateDenoising: (...asked: Parameters<typeof evaluateDenoising>) =>
          evaluateDenoising(asked[0], asked[1], asked[2], runtime),
        evaluateFitting: (...asked: Parameters<typeof evaluateFitting>) =>
          evaluateFitting(asked[0], asked[1], asked[2], runtime),
        evaluateInformation: (...asked: Parameters<typeof evaluateInformation>) =>
          evaluateInformation(asked[0], asked[1], asked[2], runtime),
      }),
  };
  const run = (...argv: string[]) => runWith(["evaluate", ...argv, "--data", data], { services });

  it("prints tables, tells what it wrote, and ends with 0", async () => {
    const models = ["--models", `${at("teacher")},${at("consistency")}`];
    const few = ["--count", "4", "--times", "2"];
    const denoised = await run("denoising", ...models, ...few, "-o", at("cli"));
    expect(denoised.code).toBe(0);
    expect(denoised.stdout).toMatch(/^t +log-SNR +teacher +consistency$/m);
    expect(denoised.stdout).toMatch(/^0\.5 +-?0\.00 +0\.\d+ ± 0\.\d+ +0\.\d+ ± 0\.\d+$/m);
    expect(denoised.stderr).toContain(`written: ${join(at("cli"), "denoising.png")}`);
    expect((await readFile(join(at("cli"), "denoising.json"), "utf8")).at(-1)).toBe("\n");

    const students = ["copy", "progressive", "consistency"].map(at).join(",");
    const fit = await run("fitting", "--teacher", at("teacher"), "--students", students, ...few);
    expect(fit.code).toBe(0);
    expect(fit.stdout).toMatch(/^0\.5 +copy +teacher +\d\.\d+e-1\d +\d/m);
    expect(fit.stdout).toContain("over 3 students:");
    expect(fit.stdout).toMatch(/^progressive to picture: .* at \d of 2 times$/m);

    const told = ["--model", at("semantic"), "--teacher", at("teacher"), "--batches", "1"];
    const test = await run("information", ...told, "--batch", "4", "--json");
    expect(test.code).toBe(0);
    expect(JSON.parse(test.stdout)).toMatchObject({ points: [{ t: 0.25 }, {}, {}, { t: 1 }] });
  }, 900_000);

  it("ends with 2 and a line on what is wrong", async () => {
    const { code, stdout, stderr } = await run("denoising", "--models", at("nowhere"));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(/^error: model: .*nowhere/);
  });
});
