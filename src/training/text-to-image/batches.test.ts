import { describe, expect, expectTypeOf, it } from "vitest";
import { float32ToFloat16 } from "../../core/float16.js";
import { tensor } from "../../core/tensor.js";
import { makeSchedule } from "../../diffusion/schedule.js";
import { schedulerConfig } from "../../diffusion/scheduler-config.js";
import { tokenizerFiles } from "../../models/tokenizer/learn.js";
import { Tokenizer } from "../../models/tokenizer/index.js";
import type { TokenizerFiles } from "../../models/tokenizer/index.js";
import { collectSpecs } from "../../nn/input-weights.js";
import type { TrainingSample } from "../scenes/index.js";
import { TextToImageBatches } from "./batches.js";
import type { BatchOptions, CaptionedLatents, TextToImageInputs } from "./batches.js";
import { textToImageSchema } from "./config.js";
import { textToImageLoss } from "./loss.js";
import { tinyDocument } from "../../../test/training/tiny.js";

const TOKENS = 12;
const CAPTIONS = ["a cat", "a red cube", "the sun"];
const NAMES = ["alpha", "ids", "latents", "noise", "sigma", "timestep", "visible"];

const tokenizer = Tokenizer.from(tokenizerFiles([], TOKENS) as unknown as TokenizerFiles);
const schedule = makeSchedule(schedulerConfig({ prediction_type: "v_prediction" }));
/** Picture i is all i + 1. */
const latents = tensor(
  "float16",
  [3, 2, 2, 4],
  float32ToFloat16(Float32Array.from({ length: 48 }, (_, i) => 1 + Math.floor(i / 16))),
);
const data: CaptionedLatents = { latents, captions: CAPTIONS };
const usual: BatchOptions = {
  batch: 3,
  seed: 1,
  scalingFactor: 0.5,
  captionDropout: 0,
  trailingDropout: 0,
};
const batches = (options: Partial<BatchOptions> = {}) =>
  new TextToImageBatches(data, tokenizer, schedule, { ...usual, ...options });

/** The pictures of a batch, by what all their latents are. */
const picturesIn = ({ latents: { data } }: TextToImageInputs) =>
  [0, 1, 2].map((i) => Number(data[16 * i]) / 0.5 - 1);

describe("what a text-to-image model is trained on", () => {
  it("is latents, noise, levels and captions: no box, mask or layout", () => {
    expectTypeOf<keyof TextToImageInputs>().toEqualTypeOf<
      "latents" | "noise" | "alpha" | "sigma" | "timestep" | "ids" | "visible"
    >();
    expectTypeOf<keyof CaptionedLatents>().toEqualTypeOf<"latents" | "captions">();
    expectTypeOf<keyof TrainingSample>().toEqualTypeOf<"picture" | "caption">();
    expect(Object.keys(batches().at(1)).sort()).toEqual(NAMES);
  });

  it("is all that the loss takes", () => {
    const { unet, text_encoder } = textToImageSchema.parse(tinyDocument("", 1));
    const loss = textToImageLoss(unet, text_encoder, { batch: 1, latentSize: 4, tokens: TOKENS });
    const inputs: string[] = [];
    const specs = collectSpecs((weights) => {
      loss(weights, weights.graph);
      inputs.push(...weights.graph.inputs.keys());
    });
    const named = new Set(specs.map(({ name }) => name));
    expect(inputs.filter((name) => !named.has(name)).sort()).toEqual(NAMES);
  });

  it("has shapes that carry one number, caption or latent per picture, and nothing more", () => {
    const shapes = Object.entries(batches().at(1)).map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual({
      latents: [3, 2, 2, 4],
      noise: [3, 2, 2, 4],
      alpha: [3],
      sigma: [3],
      timestep: [3],
      ids: [3, TOKENS],
      visible: [3, TOKENS],
    });
  });
});

describe("a batch", () => {
  it("follows from seed and step alone", () => {
    const [one, two] = [batches(), batches()];
    one.at(1);
    expect(one.at(5)).toEqual(two.at(5));
    expect(two.at(6)).not.toEqual(two.at(5));
    expect(batches({ seed: 2 }).at(5)["noise"]).not.toEqual(two.at(5)["noise"]);
  });

  it("shows every picture once an epoch, scaled, with its own caption", () => {
    for (const k of [1, 2, 3]) {
      const inputs = batches().at(k);
      const pictures = picturesIn(inputs);
      expect([...pictures].sort()).toEqual([0, 1, 2]);
      const ids = pictures.flatMap((picture) => tokenizer.encode(CAPTIONS[picture]!).ids);
      expect([...inputs.ids.data].map(Number)).toEqual(ids);
    }
  });

  it("spreads its levels over the whole schedule", () => {
    for (const k of [1, 2, 3, 4]) {
      const { timestep, alpha, sigma } = batches().at(k);
      [...timestep.data].map(Number).forEach((t, i) => {
        expect(Math.floor((3 * t) / 1000)).toBe(i);
        const [a, s] = [Number(alpha.data[i]), Number(sigma.data[i])];
        expect(a * a + s * s).toBeCloseTo(1, 6);
        expect(a * a).toBeCloseTo(schedule.alphasCumprod[t]!, 5);
      });
    }
  });

  it("draws the levels as a power of what is uniform, so that noise can be seen more often", () => {
    const uniform = batches().at(7).timestep.data;
    const noisier = batches({ timesteps: { power: 0.5 } }).at(7).timestep.data;
    [...noisier].map(Number).forEach((t, i) => {
      // The square of what was drawn is the uniform draw, but for rounding down.
      expect(Math.abs((t / 1000) ** 2 - Number(uniform[i]) / 1000)).toBeLessThan(0.004);
    });
    expect(noisier).not.toEqual(uniform);
  });

  it("drops captions and trailing positions as often as it is told", () => {
    const none = batches({ captionDropout: 1, trailingDropout: 1 }).at(1);
    const empty = tokenizer.encode("");
    expect([...none.ids.data].map(Number)).toEqual([empty.ids, empty.ids, empty.ids].flat());
    // Of "" only the start token is not trailing.
    const row = [1, ...new Array<number>(TOKENS - 1).fill(0)];
    expect([...none.visible.data]).toEqual([...row, ...row, ...row]);
    const some = batches({ captionDropout: 0.25, trailingDropout: 0.5 });
    let [dropped, hidden] = [0, 0];
    for (let k = 1; k <= 200; k++) {
      const { ids, visible } = some.at(k);
      for (let i = 0; i < 3; i++) {
        if (Number(ids.data[i * TOKENS + 1]) === tokenizer.eos) dropped++;
        if (visible.data[(i + 1) * TOKENS - 1] === 0) hidden++;
      }
    }
    // Three standard deviations of 600 draws are 0.05 and 0.06.
    expect(dropped / 600).toBeGreaterThan(0.2);
    expect(dropped / 600).toBeLessThan(0.3);
    expect(hidden / 600).toBeGreaterThan(0.44);
    expect(hidden / 600).toBeLessThan(0.56);
  });

  it("hides the words, never the start or the positions from the end token on", () => {
    const { ids, visible } = batches({ wordDropout: 1 }).at(1);
    for (let i = 0; i < 3; i++) {
      const row = [...ids.data].slice(i * TOKENS, (i + 1) * TOKENS).map(Number);
      const end = row.indexOf(tokenizer.eos);
      expect(end).toBeGreaterThan(1);
      expect([...visible.data].slice(i * TOKENS, (i + 1) * TOKENS)).toEqual(
        row.map((_, position) => (position === 0 || position >= end ? 1 : 0)),
      );
    }
  });

  it("never hides both from one caption", () => {
    const both = batches({ trailingDropout: 0.5, wordDropout: 0.5 });
    for (let k = 1; k <= 30; k++) {
      const { visible } = both.at(k);
      for (let i = 0; i < 3; i++) {
        const row = [...visible.data].slice(i * TOKENS, (i + 1) * TOKENS).map(Number);
        expect(row.slice(1).includes(1)).toBe(true);
        expect(row.slice(1).includes(0)).toBe(true);
      }
    }
  });

  it("hides the positions from the end token on, never the words", () => {
    const { ids, visible } = batches({ trailingDropout: 1 }).at(1);
    for (let i = 0; i < 3; i++) {
      const row = [...ids.data].slice(i * TOKENS, (i + 1) * TOKENS).map(Number);
      const end = row.indexOf(tokenizer.eos);
      expect([...visible.data].slice(i * TOKENS, (i + 1) * TOKENS)).toEqual(
        row.map((_, position) => (position < end ? 1 : 0)),
      );
    }
  });
});
