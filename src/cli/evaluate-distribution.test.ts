import { describe, expect, it } from "vitest";
import type { DistributionReport, DistributionRequest } from "./services.js";
import { runWith } from "./test-context.js";

const set = {
  ...{ path: "samples", count: 5000, of: 5000, digest: "ab".repeat(32), size: 32 },
  ...{ resizing: "as they are", cached: false },
};
const report: DistributionReport = {
  distance: "FD-768",
  frechet: 0.123456,
  kernel: { mean: 0.00123, deviation: 0.0004, subsets: 100, subsetSize: 1000 },
  ...{ precision: 0.71, recall: 0.6, neighbours: 3 },
  inceptionScore: { mean: 9.5, deviation: 0.1, parts: 10 },
  pictures: set,
  reference: { ...set, path: "train.zip", count: 50_000, of: 50_000, cached: true },
  weights: { path: "inception.safetensors", digest: "cd".repeat(32) },
  ...{ input: "bilinear", seed: 0, seconds: 12.34 },
};

const asked: DistributionRequest[] = [];
const services = {
  distribution: () =>
    Promise.resolve({
      evaluateDistribution: async (request: DistributionRequest) => {
        asked.push(request);
        return report;
      },
    }),
};
const COMMAND = ["evaluate", "distribution", "samples", "--against", "train.zip"];

describe("evaluate distribution", () => {
  it("prints the figures and all that they depend on", async () => {
    const { code, stdout } = await runWith(COMMAND, { services });
    expect(code).toBe(0);
    expect(stdout).toContain("FD-768           0.123\n");
    expect(stdout).toContain("KID              0.001230 ± 0.000400 over 100 subsets of 1000\n");
    expect(stdout).toContain("precision        0.7100 (k = 3)\n");
    expect(stdout).toContain("Inception Score  9.500 ± 0.100 over 10 parts\n");
    expect(stdout).toContain(
      "train.zip, 50000 of 50000, 32x32 as they are, abababababab, features kept from before\n",
    );
    expect(stdout).toContain("weights cdcdcdcdcdcd, bilinear\n");
    const json = await runWith([...COMMAND, "--json"], { services });
    expect(JSON.parse(json.stdout)).toEqual(report);
  });

  it("says of a figure from few pictures that it is biased", async () => {
    const few = { ...report, pictures: { ...set, count: 700 } };
    const distribution = () => Promise.resolve({ evaluateDistribution: async () => few });
    const { stdout } = await runWith(COMMAND, { services: { distribution } });
    expect(stdout).toContain("0.123 (few pictures: biased upwards)");
  });

  it("passes the flags, and the weights from the environment where none are named", async () => {
    const flags =
      "--features 768 --count 100 --size 32 --filter cubic --split test --seed 7 --few --batch 4";
    await runWith([...COMMAND, ...flags.split(" ")], {
      services,
      env: { FOLLOWSPOT_INCEPTION: "w" },
    });
    expect(asked.pop()).toEqual({
      ...{ pictures: "samples", reference: "train.zip", against: undefined },
      ...{ weights: "w", features: 768, count: 100, size: 32, filter: "cubic", split: "test" },
      ...{ seed: 7, few: true, batch: 4 },
    });
    await runWith([...COMMAND, "--weights", "own"], {
      services,
      env: { FOLLOWSPOT_INCEPTION: "w" },
    });
    expect(asked.pop()).toMatchObject({ weights: "own" });
  });

  it.each([
    [["--features", "1000"], "expected one of 768, 2048"],
    [["--filter", "box"], "expected one of nearest, linear, cubic, mitchell, lanczos3"],
    [["--count", "0"], "a whole number from 4"],
  ])("refuses %j", async (flags, expected) => {
    const { code, stderr } = await runWith([...COMMAND, ...flags], { services });
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });

  it("asks for the reference", async () => {
    const { code, stderr } = await runWith(["evaluate", "distribution", "samples"], { services });
    expect(code).toBe(2);
    expect(stderr).toContain("--against");
  });
});
