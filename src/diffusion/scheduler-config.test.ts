import { describe, expect, it } from "vitest";
import { FollowspotError } from "../core/errors.js";
import { readSchedulerConfig, schedulerConfig } from "./scheduler-config.js";

describe("schedulerConfig", () => {
  it("takes diffusers' defaults for what is missing or null", () => {
    const config = schedulerConfig({ trained_betas: null, clip_sample: null });
    expect(config).toMatchObject({
      trainTimesteps: 1000,
      betaStart: 0.0001,
      betaEnd: 0.02,
      betaSchedule: "linear",
      prediction: "epsilon",
      spacing: undefined,
      clipSample: undefined,
      setAlphaToOne: true,
      trainedBetas: undefined,
    });
  });

  it.each([
    [
      { beta_schedule: "sigmoid" },
      /one of linear, scaled_linear, squaredcos_cap_v2, got "sigmoid"/,
    ],
    [{ prediction_type: "flow" }, /one of epsilon, v_prediction, sample, got "flow"/],
    [{ timestep_spacing: "even" }, /one of leading, trailing, linspace, got "even"/],
    [{ final_sigmas_type: "one" }, /one of zero, sigma_min, got "one"/],
    [{ thresholding: true }, /expected thresholding to be false, got true/],
    [{ use_beta_sigmas: true }, /expected use_beta_sigmas to be false/],
    [{ sigma_max: 80 }, /expected sigma_max to be null, got 80/],
    [{ num_train_timesteps: 0 }, /num_train_timesteps to be a whole number, at least 1, got 0/],
    [{ steps_offset: -1 }, /steps_offset to be a whole number, at least 0/],
    [{ beta_start: "0.1" }, /beta_start to be a number, got "0.1"/],
    [{ clip_sample: 1 }, /clip_sample to be true or false, got 1/],
    [{ trained_betas: [0.1, 2] }, /trained_betas to be a list of numbers from 0 to 1/],
    [{ trained_betas: [] }, /trained_betas to be a list/],
  ])("refuses %j", (json, message) => {
    expect(() => schedulerConfig(json)).toThrow(message);
    expect(() => schedulerConfig(json)).toThrow(FollowspotError);
  });
});

describe("readSchedulerConfig", () => {
  it("understands Python's infinity", () => {
    const text = '{"_class_name": "X", "lambda_min_clipped": -Infinity, "steps_offset": 1}';
    expect(readSchedulerConfig(text)).toMatchObject({
      className: "X",
      lambdaMinClipped: -Infinity,
      stepsOffset: 1,
    });
  });

  it.each(["", "[]", "null", "3"])("refuses %j", (text) => {
    expect(() => readSchedulerConfig(text)).toThrow(FollowspotError);
  });
});
