import { describe, expect, it } from "vitest";
import type { SampleReport, SampleRequest } from "./services.js";
import { runWith } from "./test-context.js";

const report: SampleReport = {
  ...{ folder: "out", model: "student", role: "student", digest: "ab".repeat(32) },
  ...{ sampler: "ddim", steps: 1, cfg: 1, attentionGuidance: null, seed: 7, class: null },
  ...{ count: 100, made: 50 },
  evaluations: {
    picture: { network: 1, predictor: 1, latentNetwork: 25, encoder: 0 },
    total: { network: 64, predictor: 64, latentNetwork: 1600, encoder: 0 },
  },
  seconds: { preparing: 1, drawing: 5, total: 6.25 },
};
const asked: SampleRequest[] = [];
const services = {
  sampling: () =>
    Promise.resolve({
      samplePictures: async (request: SampleRequest) => {
        asked.push(request);
        return report;
      },
    }),
};
const COMMAND = ["sample", "--model", "student", "--out", "out"];

describe("sample", () => {
  it("prints what was made and what it took", async () => {
    const { code, stdout } = await runWith(COMMAND, { services });
    expect(code).toBe(0);
    expect(stdout).toContain("pictures                    100, 50 of them now\n");
    expect(stdout).toContain("student, student, abababababab\n");
    expect(stdout).toContain("ddim, 1 step, seed 7\n");
    expect(stdout).toContain("predictor evaluations       1 a picture, 64 in all\n");
    expect(stdout).toContain("latent network evaluations  25 a picture, 1600 in all\n");
    expect(stdout).not.toContain("encoder");
    expect(stdout).toContain("6.3, of which drawing 5.0, 0.100 a picture\n");
    const json = await runWith([...COMMAND, "--json"], { services });
    expect(JSON.parse(json.stdout)).toEqual(report);
  });

  it("passes the flags, and 10000 pictures where no number is given", async () => {
    await runWith(COMMAND, { services });
    expect(asked.pop()).toEqual({ model: "student", folder: "out", count: 10_000 });
    const flags =
      "--steps 2 --count 8 --seed 5 --batch 4 --threads 1 --class cat --cfg 1.5 --like set --sampler ancestral --attention-guidance 1.3 --attention-threshold 1.5 --attention-blur 15,3 --attention-site mid.0";
    await runWith([...COMMAND, ...flags.split(" "), "--quiet"], { services });
    expect(asked.pop()).toEqual({
      ...{ model: "student", folder: "out", count: 8, steps: 2, seed: 5, batch: 4, threads: 1 },
      ...{ className: "cat", cfg: 1.5, like: "set", sampler: "ancestral" },
      attentionGuidance: {
        ...{ scale: 1.3, threshold: 1.5, blur: { kernel: 15, sigma: 3 }, site: "mid.0" },
      },
    });
  });

  it.each([
    [["--steps", "0"], "--steps: expected a whole number from 1 to 1000"],
    [["--count", "1000001"], "--count: expected a whole number from 1 to 1000000"],
    [["--count", "0"], "--count: expected"],
    [["--cfg", "-1"], "--cfg: expected a number from 0 to 50"],
    [["--attention-guidance", "0.5"], "--attention-guidance: expected a number from 1 to 50"],
    [["--attention-blur", "14,3"], "--attention-blur: expected KERNEL,SIGMA, an odd number"],
    [["--attention-blur", "15,0"], "--attention-blur: expected KERNEL,SIGMA"],
    [["--attention-threshold", "-1"], "--attention-threshold: expected a number from 0 to 1024"],
    [["--batch", "0"], "--batch: expected"],
    [["--seed", "-1"], "--seed: expected"],
  ])("refuses %j", async (flags, expected) => {
    const { code, stderr } = await runWith([...COMMAND, ...flags], { services });
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });

  it("asks for a model and a folder", async () => {
    const { code, stderr } = await runWith(["sample", "--model", "x"], { services });
    expect(code).toBe(2);
    expect(stderr).toContain("--out");
  });
});
