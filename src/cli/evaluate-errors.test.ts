import { describe, expect, it } from "vitest";
import type { DenoisingReport, InformationReport } from "./services.js";
import { runWith } from "./test-context.js";

const digest = "ab".repeat(32);
const shared = {
  data: {
    path: "mnist",
    split: "test",
    count: 256,
    of: 10_000,
    digest,
    size: 32,
    channels: 1,
    resizing: "padded with black",
  },
  seed: 3,
  seconds: 1.25,
  files: ["out/a.png"],
} as const;
const point = { t: 0.5, logSnr: 0, error: 0.012345, standardError: 0.00067, pictures: 256 };
const denoising: DenoisingReport = {
  ...shared,
  models: [
    {
      ...{ name: "runs/1/model", role: "teacher", digest, told: false },
      points: [{ ...point, trained: true }],
    },
    {
      ...{ name: "runs/2/model", role: "student", digest, steps: 1, told: true },
      points: [{ ...point, error: 0.25, standardError: NaN, trained: false }],
    },
  ],
};
const information: InformationReport = {
  ...shared,
  model: { name: "semantic", role: "student", digest, told: true },
  teacher: { name: "teacher", role: "teacher", digest },
  points: [{ t: 1, own: 0.25, shuffled: 0.5, zero: 0.75, gain: 0.25, standardError: 0.001 }],
};

const asked: unknown[] = [];
const services = {
  errors: () =>
    Promise.resolve({
      evaluateDenoising: async (request: unknown) => (asked.push(request), denoising),
      evaluateFitting: async (request: unknown) => {
        asked.push(request);
        throw new Error("not part of this test");
      },
      evaluateInformation: async (request: unknown) => (asked.push(request), information),
    }),
};
const evaluate = (...argv: string[]) => runWith(["evaluate", ...argv], { services });

describe("evaluate denoising", () => {
  const command = ["denoising", "--models", "runs/1/model, runs/2/model", "--data", "mnist"];

  it("prints the table with names that tell models apart, or JSON", async () => {
    const { code, stdout, stderr } = await evaluate(...command);
    expect(code).toBe(0);
    expect(stdout).toContain(
      "mnist, 256 of 10000, 32x32x1 padded with black, abababababab, seed 3\n",
    );
    expect(stdout).toMatch(/^t +log-SNR +1\/model +2\/model$/m);
    expect(stdout).toMatch(/^0\.5 +0\.00 +0\.0123 ± 0\.00067 +0\.250 ± - \*$/m);
    expect(stdout).toContain("* a time that the student was not trained at\n");
    expect(stdout).toContain("told each picture by their encoder: 2/model\n");
    expect(stderr).toBe("written: out/a.png\n");
    const json = await evaluate(...command, "--json", "--quiet");
    expect(JSON.parse(json.stdout)).toMatchObject({ models: [{ points: [point] }, {}] });
    expect(json.stderr).toBe("");
  });

  it("passes the flags", async () => {
    const flags = "--count 64 --times 4 --batch 8 --split train --fit cover --seed 7 --threads 1";
    await evaluate(...command, ...flags.split(" "), "-o", "out");
    expect(asked.pop()).toEqual({
      ...{ models: ["runs/1/model", "runs/2/model"], data: "mnist", output: "out" },
      ...{ count: 64, times: 4, batch: 8, split: "train", fit: "cover", seed: 7, threads: 1 },
    });
  });
});

describe("evaluate fitting and information", () => {
  it("pass the flags", async () => {
    const fitting = ["--teacher", "t", "--students", "a,b,c", "--site", "up.1", "--data", "d"];
    const { code } = await evaluate("fitting", ...fitting, "--teacher-steps", "16");
    expect(code).toBe(1);
    expect(asked.pop()).toEqual({
      ...{ teacher: "t", students: ["a", "b", "c"], site: "up.1", data: "d", teacherSteps: 16 },
    });
    await evaluate("information", "--model", "m", "--data", "d", "--batches", "2", "--batch", "16");
    expect(asked.pop()).toEqual({ model: "m", data: "d", batches: 2, batch: 16 });
  });

  it("print what a latent tells", async () => {
    const { stdout } = await evaluate("information", "--model", "m", "--data", "d");
    expect(stdout).toMatch(/^1 +0\.2500 +0\.5000 +0\.7500 +0\.250 ± 0\.0010 +2\.000$/m);
  });
});

it.each([
  [["denoising", "--data", "d"], /--models/],
  [["denoising", "--models", "a"], /--data/],
  [["denoising", "--models", "a", "--data", "d", "--count", "1"], /--count: .* from 2/],
  [["denoising", "--models", "a", "--data", "d", "--times", "0"], /--times: .* from 1 to 1000/],
  [["fitting", "--teacher", "a", "--data", "d"], /--students/],
  [["fitting", "--students", "a", "--data", "d"], /--teacher/],
  [["information", "--data", "d"], /--model/],
  [["information", "--model", "m", "--data", "d", "--fit", "crop"], /expected one of cover, pad/],
])("%j is refused", async (argv, message) => {
  const { code, stderr } = await evaluate(...argv);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});
