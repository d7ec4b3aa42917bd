// The published objective on a tiny U-Net: its gradient, its descent, and what it never touches.

import { afterAll, describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { Graph } from "../../src/engine/graph.js";
import type { Request } from "../../src/diffusion/index.js";
import { optimised } from "../../src/guidance/placement/dd.js";
import { asSlopes, editTensors, WEIGHTS } from "../../src/guidance/placement/edit.js";
import { WORDS, targetName, targetsOf } from "../../src/guidance/placement/objective.js";
import type { Placement } from "../../src/guidance/placement/region.js";
import { findWeights, targetsAt, trailingEdit } from "../../src/guidance/placement/search.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { denoiserGraph } from "../../src/pipelines/denoiser-graph.js";
import { expectClose } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import {
  conditionOf,
  CONFIG,
  CROSS,
  GRIDS,
  LEVEL,
  noise,
  POSITIONS,
  tinyDenoiser,
  WEIGHTS as NETWORK,
} from "./tiny-unet.js";

const denoiser = tinyDenoiser();
afterAll(() => denoiser.release());

const PLACEMENT: Placement = {
  regions: [{ box: [0, 0, 0.5, 0.5], tokens: [2, 3], strength: 1, until: 0.3 }],
  tokens: 4,
  words: 4,
  positions: POSITIONS,
};
const TRAILING = [5, 6, 7, 8];
const SEARCH = {
  trailing: TRAILING.length,
  gain: 0.5,
  outside: 0.01,
  iterations: 6,
  rate: 0.3,
  sites: CROSS.map(({ name }) => name),
  siteGrids: Object.fromEntries(CROSS.map((site) => [site.name, site])),
  grids: GRIDS,
};
const CONDITION = conditionOf([true]);
const LATE = { ...LEVEL, timestep: 500 };
const RUN = { placements: [PLACEMENT], grids: GRIDS, run: [0.9, 0.5], trainTimesteps: 1000 };

async function targets() {
  const { maps } = await denoiser.denoise(noise(1), LEVEL, CONDITION, { read: SEARCH.sites });
  return targetsAt(PLACEMENT, maps!, 0, SEARCH);
}

/** Base and slopes as the search gives them, taken from its questions to the denoiser. */
async function questionOf(form: "scale" | "blend") {
  const asked: { request: Request; inputs: Readonly<Record<string, HostTensor>> }[] = [];
  const spy = {
    denoise: denoiser.denoise.bind(denoiser),
    pullback: (...[x, level, of, request, objective]: Parameters<typeof denoiser.pullback>) => {
      asked.push({ request, inputs: objective.inputs });
      return denoiser.pullback(x, level, of, request, objective);
    },
  };
  const given = { x: noise(1), level: LEVEL, condition: CONDITION, row: 0, placement: PLACEMENT };
  const question = { ...given, targets: await targets(), start: undefined };
  const descent = await findWeights(spy, question, { ...SEARCH, form });
  return { ...asked[0]!, descent, count: asked.length };
}

describe("the objective", () => {
  it("has targets that sum to 1 for words and hold most of their mass in the box", async () => {
    const made = await targets();
    expect([...made[WORDS]!.data].map(Number)).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    for (const site of CROSS) {
      const { data } = made[targetName(site.name)]!;
      for (let position = 0; position < POSITIONS; position++) {
        let [whole, inside] = [0, 0];
        for (let cell = 0; cell < site.height * site.width; cell++) {
          const value = Number(data[cell * POSITIONS + position]);
          whole += value;
          const row = Math.floor(cell / site.width);
          if (row < site.height / 2 && cell % site.width < site.width / 2) inside += value;
        }
        expect(whole).toBeCloseTo(position === 2 || position === 3 ? 1 : 0, 5);
        if (whole > 0) expect(inside).toBeGreaterThan(0.9);
      }
    }
  });

  it("is norm(A ⊙ W + S · max(A))", () => {
    const plain = floats([1, 2, 2], [0.2, 0.8, 0.6, 0.4]);
    const masks = [
      { positions: [0], weaken: Float32Array.of(1, 0.5), strengthen: Float32Array.of(0.25, 0) },
    ];
    const { data } = targetsOf(plain, { height: 1, width: 2 }, masks);
    // 0.2 + 0.25 · 0.8 = 0.4 and 0.6 · 0.5 = 0.3.
    expectClose(data, [0.4 / 0.7, 0, 0.3 / 0.7, 0]);
  });

  it.each(["scale", "blend"] as const)(
    "has the gradient of its finite differences (%s)",
    async (form) => {
      const { request, inputs } = await questionOf(form);
      const start = Float32Array.from({ length: POSITIONS }, (_, i) => 0.6 + 0.07 * i);
      const weights = floats([1, POSITIONS], start);
      const asked = { ...request, edits: { ...request.edits, [WEIGHTS]: weights } };
      const objective = { loss: "placement", inputs, wrt: [WEIGHTS, "x"] };
      const { gradients } = await denoiser.pullback(noise(1), LEVEL, CONDITION, asked, objective);

      const graph = denoiserGraph(new ConstantWeights(new Graph(), NETWORK), CONFIG, {
        sample: [1, 8, 8, 2],
        context: [1, POSITIONS, 8],
        read: SEARCH.sites,
        edits: Object.keys(asked.edits),
        objective: { loss: "placement", wrt: [] },
      });
      const feeds = {
        sample: noise(1),
        timestep: floats([1], [LEVEL.timestep]),
        context: CONDITION.embeddings,
        ...asked.edits,
        ...inputs,
      };
      const lossAt = (name: string, index: number, by: number): number => {
        const { shape, data } = feeds[name as "sample"];
        const moved = Float64Array.from(data);
        moved[index]! += by;
        const at = { ...feeds, [name]: { dtype: "float32", shape, data: moved } as const };
        return Number(evaluate(graph, at).loss!.data[0]);
      };
      const step = 1e-5;
      const slope = (name: string, index: number): number =>
        (lossAt(name, index, step) - lossAt(name, index, -step)) / (2 * step);
      const probed = [TRAILING[0]!, TRAILING[2]!];
      const ours = probed.map((position) => gradients[WEIGHTS]!.data[position]!);
      const theirs = probed.map((position) => slope(WEIGHTS, position));
      expectClose(ours, theirs, { relative: 1e-3, absolute: 0, ofScale: 1e-4 });
      expect(Math.max(...theirs.map(Math.abs))).toBeGreaterThan(1e-6);
      for (const position of [0, 1, 2, 3, 4, 9, 11])
        expect(gradients[WEIGHTS]!.data[position]).toBe(0);
      const cells = [37];
      const pixels = cells.map((cell) => gradients["x"]!.data[cell]!);
      expectClose(
        pixels,
        cells.map((cell) => slope("sample", cell)),
        { relative: 1e-3, absolute: 0, ofScale: 1e-4 },
      );
    },
  );
});

describe("the search", () => {
  it.each(["scale", "blend"] as const)("lowers the loss and never raises it (%s)", async (form) => {
    const { descent, count } = await questionOf(form);
    expect(count).toBe(SEARCH.iterations);
    expect(descent.losses.length).toBeGreaterThan(1);
    expect([...descent.losses].sort((a, b) => b - a)).toEqual(descent.losses);
    expect(descent.losses.at(-1)).toBeLessThan(descent.losses[0]!);
    descent.point.forEach((weight, position) => {
      expect(weight).toBeGreaterThanOrEqual(0);
      if (!TRAILING.includes(position)) expect(weight).toBe(1);
    });
  });

  it("writes no map but the trailing ones, and nothing at weight 0 of the blend", () => {
    const weights = Float32Array.from({ length: POSITIONS }, (_, i) => 0.5 + i);
    const edit = trailingEdit(PLACEMENT, GRIDS[0]!, SEARCH, weights);
    const none = trailingEdit(
      PLACEMENT,
      GRIDS[0]!,
      { ...SEARCH, form: "blend" },
      new Float32Array(POSITIONS),
    );
    for (let at = 0; at < edit.multiply.length; at++) {
      const isTrailing = TRAILING.includes(at % POSITIONS);
      if (!isTrailing) expect([edit.multiply[at], edit.relative![at]]).toEqual([1, 0]);
      else expect(edit.multiply[at]).not.toBe(1);
      expect([none.multiply[at], none.relative![at]]).toEqual([1, 0]);
    }
  });

  it("finds what the edit of its weights gives in the graph of the search", async () => {
    const { request, inputs, descent } = await questionOf("scale");
    const weights = floats([1, POSITIONS], descent.point);
    const edits = { ...request.edits, [WEIGHTS]: weights };
    const objective = { loss: "placement", inputs, wrt: [] };
    const sought = await denoiser.pullback(
      noise(1),
      LEVEL,
      CONDITION,
      { ...request, edits },
      objective,
    );
    const made = GRIDS.map((grid) =>
      editTensors(grid, [trailingEdit(PLACEMENT, grid, SEARCH, descent.point)], POSITIONS),
    );
    const direct = { ...request, edits: Object.assign({}, ...made) as Record<string, HostTensor> };
    const given = await denoiser.pullback(noise(1), LEVEL, CONDITION, direct, objective);
    expect(given.loss).toBeCloseTo(sought.loss, 4);
    expect(Object.keys(asSlopes(made[0]!))[0]).toBe("edit.8x8.multiply.slope");
  });
});

describe("optimised", () => {
  it("directs the steps in range and leaves the others to the denoiser, bit for bit", async () => {
    const told: (readonly number[])[] = [];
    const wrapped = optimised(denoiser, denoiser, {
      ...RUN,
      search: SEARCH,
      onDescent: (_row, losses) => told.push(losses),
    });
    const early = await wrapped.denoise(noise(1), LEVEL, CONDITION);
    const plain = await denoiser.denoise(noise(1), LEVEL, CONDITION);
    expect(() => expectClose(early.x0, plain.x0, { ofScale: 1e-4 })).toThrow("worst element");
    const late = await wrapped.denoise(noise(1), LATE, CONDITION);
    expect(late.x0.data).toEqual((await denoiser.denoise(noise(1), LATE, CONDITION)).x0.data);
    expect(told).toHaveLength(1);
  });

  it("goes on from the weights of the step before", async () => {
    const told: (readonly number[])[] = [];
    const options = {
      ...RUN,
      search: SEARCH,
      onDescent: (_: number, losses: readonly number[]) => told.push(losses),
    };
    const wrapped = optimised(denoiser, denoiser, options);
    await wrapped.denoise(noise(1), LEVEL, CONDITION);
    await wrapped.denoise(noise(1), LEVEL, CONDITION);
    expect(told[1]![0]).toBeCloseTo(told[0]!.at(-1)!, 4);
  });

  it("seeks for each picture of a batch alone", async () => {
    const two = conditionOf([true, true]);
    const other = { ...PLACEMENT, regions: [] };
    const pair = optimised(denoiser, denoiser, {
      ...RUN,
      placements: [PLACEMENT, other],
      search: SEARCH,
    });
    const single = optimised(denoiser, denoiser, { ...RUN, search: SEARCH });
    const both = await pair.denoise(noise(2), LEVEL, two);
    const one = await single.denoise(noise(1), LEVEL, CONDITION);
    expectClose(both.x0.data.slice(0, 128), one.x0.data, { ofScale: 1e-5 });
    const plain = await denoiser.denoise(noise(2), LEVEL, two);
    expectClose(both.x0.data.slice(128), plain.x0.data.slice(128), { ofScale: 1e-5 });
  });
});

describe("what a pullback refuses", () => {
  const ask = (objective: { loss: string; wrt: string[] }) =>
    denoiser.pullback(
      noise(1),
      LEVEL,
      CONDITION,
      { read: SEARCH.sites },
      { ...objective, inputs: {} },
    );
  it("an unknown loss", async () => {
    await expect(ask({ loss: "beauty", wrt: [] })).rejects.toThrow(/expected one of placement/);
  });
  it("an input that there is none of", async () => {
    await expect(ask({ loss: "placement", wrt: ["edit.weights"] })).rejects.toThrow(
      /edit\.weights/,
    );
  });
});
