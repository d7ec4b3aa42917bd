import { describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import type { Denoiser, Latent } from "../diffusion/index.js";
import { sampleToEnd } from "../diffusion/index.js";
import { sitesOf } from "../models/unet/index.js";
import { recipeCost } from "./recipe-cost.js";
import type { Cost, Costly } from "./recipe-cost.js";
import { METHOD_NAMES, defaultMethod } from "./recipe-methods.js";
import { readPipelineFolder } from "./text-to-image-folder.js";
import { makeOrder } from "./text-to-image-order.js";
import type { DrawOptions, Order } from "./text-to-image-order.js";
import { denoiserOf, noiseLevels } from "./text-to-image-run.js";

const recipe: Costly = {
  boxes: [
    { strength: 1, until: 0.3 },
    { strength: 2, until: 0.5 },
  ],
  method: defaultMethod("direct"),
  sampler: "ddim",
  steps: 20,
  cfg: 5,
};
const dd = { ...defaultMethod("dd"), iterations: 4 } as Costly["method"];
const none = defaultMethod("none");

describe("recipeCost", () => {
  it.each<[string, Partial<Costly>, Cost]>([
    ["guidance", {}, { forward: 40, backward: 0 }],
    ["no guidance", { cfg: 1 }, { forward: 20, backward: 0 }],
    ["Heun's second looks", { sampler: "heun" }, { forward: 78, backward: 0 }],
    // Ten directed steps: the plain maps once, then four descents.
    ["dd's targets and descents", { method: dd }, { forward: 40 + 10 + 40, backward: 40 }],
    [
      "a look at the boxes' share in plain sampling",
      { method: none },
      { forward: 50, backward: 0 },
    ],
    [
      "nothing for boxes that there are none of",
      { method: none, boxes: [] },
      { forward: 40, backward: 0 },
    ],
  ])("counts %s", (_, change, expected) => {
    expect(recipeCost({ ...recipe, ...change })).toEqual(expected);
  });

  it("counts heat maps at the steps whose maps no edit has in hand", () => {
    expect(recipeCost(recipe, { heatmaps: true }).forward).toBe(40 + 10);
    expect(recipeCost({ ...recipe, method: none }, { heatmaps: true }).forward).toBe(40 + 20);
  });

  it("counts the plain picture beside it", () => {
    expect(recipeCost(recipe, { compare: true }).forward).toBe(40 + 40);
  });

  it("counts boxes without strength as plain", () => {
    const boxes = recipe.boxes.map((box) => ({ ...box, strength: 0 }));
    expect(recipeCost({ ...recipe, method: dd, boxes })).toEqual({ forward: 50, backward: 0 });
  });

  it.each([
    [50, 0.2, 10],
    [20, 0.3, 6],
    [4, 0.3, 2],
    [1, 0.3, 1],
    [20, 0, 0],
    [20, 1, 20],
  ])("of %i steps, %d of the range is %i", (steps, until, expected) => {
    const boxes = [{ strength: 1, until }];
    const { backward } = recipeCost({ ...recipe, method: dd, steps, boxes });
    expect(backward).toBe(4 * expected);
  });
});

const model = await readPipelineFolder("stage");
const [height, width] = model.size.map((side) => side / model.factor) as [number, number];
const sites = sitesOf(model.unet, height, width, model.tokenizer.maxLength);

/** A network that counts the rows it is asked for, and knows nothing. */
function countingNetwork(): { network: Denoiser; cost: Cost } {
  const cost = { forward: 0, backward: 0 };
  const tokens = model.tokenizer.maxLength;
  const network: Denoiser = {
    async denoise(x, _level, { conditional }, request) {
      cost.forward += x.shape[0]!;
      if (!request?.read) return { x0: x };
      const rows = conditional.filter(Boolean).length;
      const maps = sites.map((site): [string, Latent] => {
        const shape = [rows, site.height * site.width, tokens];
        return [site.name, floats(shape, new Float32Array(rows * shape[1]! * tokens).fill(0.1))];
      });
      return { x0: x, maps: Object.fromEntries(maps) };
    },
    async pullback() {
      cost.forward++;
      cost.backward++;
      const slope = new Float32Array(tokens).fill(1);
      return { loss: 1, gradients: { "edit.weights": floats([1, tokens], slope) } };
    },
  };
  return { network, cost };
}

async function costOfRun(order: Order): Promise<Cost> {
  const { network, cost } = countingNetwork();
  const { schedule } = model;
  const embeddings = floats([1, 1, 1], new Float32Array(1));
  const cells = height * width;
  const parts = { network, schedule, sites, cells, edited: "all", negative: embeddings } as const;
  const noise = floats([1, height, width, 1], new Float32Array(cells));
  await sampleToEnd({
    denoiser: denoiserOf(order, { ...parts, isLean: false }),
    condition: { embeddings, conditional: [true] },
    ...{ schedule, noise, sampler: order.sampler, steps: order.steps },
    stepNoise: () => noise,
  });
  return cost;
}

describe("the cost is what a run asks of the network", () => {
  const box = { words: "red cube", box: [0, 0, 0.5, 0.5] } as const;
  const prompt = "a red cube";
  const cases = METHOD_NAMES.flatMap((method) =>
    (["ddim", "heun"] as const).flatMap((sampler) =>
      [[], ["cube"]].map((heatmaps): DrawOptions => ({ prompt, method, sampler, heatmaps })),
    ),
  );
  it.each(cases)("with $method, $sampler and heat maps of $heatmaps", async (options) => {
    for (const more of [{ boxes: [box], until: 0.4 }, { boxes: [{ ...box, strength: 0 }] }, {}]) {
      const order = makeOrder(model, { steps: 5, ...options, ...more });
      const run = noiseLevels(order, model.schedule);
      const heatmaps = order.heatmaps.length > 0;
      expect(recipeCost(order, { run, heatmaps })).toEqual(await costOfRun(order));
    }
  });
});
