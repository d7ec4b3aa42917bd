// Weights of losses: an error costs the same whatever the network predicts, and counts once.

import { describe, expect, it } from "vitest";
import { LOSS_WEIGHTINGS, outputWeight, signalWeight } from "./continuous-loss.js";
import { logSnrSchedule } from "./log-snr.js";
import { PARAMETERISATIONS, PREDICTION_TYPES } from "./parameterisations.js";

const { level } = logSnrSchedule({ kind: "cosine" });
const TIMES = [0, 0.1, 0.5, 0.9, 1];

describe.each(LOSS_WEIGHTINGS)("%s", (weighting) => {
  it.each(PREDICTION_TYPES)("weighs an error of %s as that of its clean signal", (prediction) => {
    for (const t of TIMES) {
      const here = level(t);
      const [, factor] = PARAMETERISATIONS[prediction].x0(here);
      const direct = signalWeight(weighting, here) * factor ** 2;
      expect(outputWeight(weighting, prediction, here) / direct).toBeCloseTo(1, 9);
    }
  });
});

describe("a weighting", () => {
  it("is the plain squared error of what it is named for", () => {
    for (const t of TIMES) {
      expect(outputWeight("constant", "sample", level(t))).toBe(1);
      expect(outputWeight("snr", "epsilon", level(t))).toBeCloseTo(1, 9);
      expect(outputWeight("alpha2", "v_prediction", level(t))).toBeCloseTo(1, 9);
    }
  });

  it("truncated at SNR 1 is the larger of the errors of clean signal and noise", () => {
    for (const t of TIMES) {
      const here = level(t);
      const larger = Math.max(
        outputWeight("constant", "v_prediction", here),
        outputWeight("snr", "v_prediction", here),
      );
      expect(outputWeight("truncated-snr", "v_prediction", here)).toBeCloseTo(larger, 9);
      expect(larger).toBeLessThanOrEqual(1 + 1e-9);
      expect(larger).toBeGreaterThanOrEqual(0.5 - 1e-9);
    }
    // Once, not squared: e^20, not e^40.
    expect(signalWeight("truncated-snr", level(0))).toBeCloseTo(Math.exp(20), -2);
  });
});
