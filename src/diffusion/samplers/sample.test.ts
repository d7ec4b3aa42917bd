// What the sampling loop passes on and what it refuses.

import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import type { Denoiser, Latent } from "../denoiser.js";
import { makeSchedule } from "../schedule.js";
import { schedulerConfig } from "../scheduler-config.js";
import { SAMPLER_NAMES, isSamplerName, samplerNamed, samplerOfConfig } from "./registry.js";
import { sample, sampleToEnd } from "./sample.js";
import type { SampleOptions } from "./sample.js";

const NOISE = floats([1, 1, 2, 1], [0.5, -1]);
const still: Denoiser = { denoise: async (x) => ({ x0: x }) };

function options(rest: Partial<SampleOptions>): SampleOptions {
  return {
    denoiser: still,
    condition: { embeddings: floats([1, 0, 0], []), conditional: [true] },
    schedule: makeSchedule(schedulerConfig({ clip_sample: false })),
    sampler: "euler",
    steps: 3,
    noise: NOISE,
    ...rest,
  };
}

describe("sample", () => {
  it("passes condition and request on, and gives the maps back", async () => {
    const map = floats([1, 2, 1], [0.25, 0.75]);
    const seen: unknown[] = [];
    const denoiser: Denoiser = {
      denoise: async (x, _level, condition, request) => {
        seen.push(condition, request);
        return { x0: x, maps: { "mid.0.cross": map } };
      },
    };
    const run = options({ denoiser, request: { read: ["mid.0.cross"] }, steps: 1 });
    for await (const { maps } of sample(run)) expect(maps).toEqual({ "mid.0.cross": map });
    expect(seen).toEqual([run.condition, run.request]);
  });

  it("draws one noise a step, in order", async () => {
    const drawn: number[] = [];
    const stepNoise = (index: number): Latent => {
      drawn.push(index);
      return NOISE;
    };
    await sampleToEnd(options({ sampler: "euler-ancestral", steps: 4, stepNoise }));
    // The last step ends at the clean signal and needs none.
    expect(drawn).toEqual([0, 1, 2]);
  });

  it("gives the clipped range of DDIM's default configuration", async () => {
    const schedule = makeSchedule(schedulerConfig({}));
    const denoiser: Denoiser = { denoise: async (x) => ({ x0: floats(x.shape, [3, -0.5]) }) };
    const x = await sampleToEnd(options({ sampler: "ddim", schedule, denoiser }));
    expect(Array.from(x.data)).toEqual([1, -0.5]);
  });

  it.each([
    [{ sampler: "plms" as "ddim" }, /expected one of ddim, euler, .*dpm\+\+2m, lcm, got "plms"/],
    [{ eta: 1.5, sampler: "ddim" as const }, /eta: expected a number from 0 to 1, got 1.5/],
    [{ eta: NaN, sampler: "ddim" as const }, /eta: expected a number from 0 to 1, got NaN/],
    [{ eta: 0.5 }, /eta: expected 0 with euler, got 0.5. Only ddim has it/],
    [{ eta: 0.5, sampler: "ddim" as const }, /expected step noise for ddim, got none/],
    [{ sampler: "euler-ancestral" as const }, /expected step noise for euler-ancestral/],
  ])("refuses %o", async (rest, message) => {
    await expect(sampleToEnd(options(rest))).rejects.toThrow(message);
  });

  it("refuses step noise of another shape", async () => {
    const stepNoise = (): Latent => floats([2], [0, 0]);
    const run = sampleToEnd(options({ sampler: "euler-ancestral", stepNoise }));
    await expect(run).rejects.toThrow("expected step noise 1x1x2x1, got 2");
  });
});

describe("the registry", () => {
  it("finds by name and by diffusers class", () => {
    for (const name of SAMPLER_NAMES) {
      const { diffusersClass } = samplerNamed(name);
      expect(samplerOfConfig(schedulerConfig({ _class_name: diffusersClass }))).toBe(name);
    }
    expect(isSamplerName("heun")).toBe(true);
    expect(isSamplerName("toString")).toBe(false);
  });

  it("has no equal for other classes and other DPM solvers", () => {
    expect(samplerOfConfig(schedulerConfig({ _class_name: "PNDMScheduler" }))).toBeUndefined();
    const dpm = { _class_name: "DPMSolverMultistepScheduler", algorithm_type: "sde-dpmsolver++" };
    expect(samplerOfConfig(schedulerConfig(dpm))).toBeUndefined();
  });
});
