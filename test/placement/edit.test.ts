// The edit inside a tiny U-Net: neutral is nothing, the maximum is each picture's own, unconditional rows stay out.

import { afterAll, describe, expect, it } from "vitest";
import { floats } from "../../src/core/tensor.js";
import type { HostTensor } from "../../src/core/tensor.js";
import { Graph } from "../../src/engine/graph.js";
import { guided } from "../../src/guidance/cfg.js";
import { direct } from "../../src/guidance/placement/direct.js";
import { editAt, editName, editTensors } from "../../src/guidance/placement/edit.js";
import { placed } from "../../src/guidance/placement/placed.js";
import type { Placement } from "../../src/guidance/placement/region.js";
import { pickRows } from "../../src/guidance/rows.js";
import { expectClose } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import { conditionOf, CROSS, GRIDS, LEVEL, noise, POSITIONS, tinyDenoiser } from "./tiny-unet.js";

const denoiser = tinyDenoiser();
afterAll(() => denoiser.release());

const PLACEMENT: Placement = {
  regions: [{ box: [0, 0, 0.5, 0.5], tokens: [2, 3], strength: 1, until: 0.3 }],
  tokens: 4,
  words: 4,
  positions: POSITIONS,
};
const OPTIONS = {
  placements: [PLACEMENT],
  grids: GRIDS,
  rule: direct({ trailing: 3, gain: 0.15, lift: 1, outside: 0.01 }),
  run: [0.9, 0.5],
  trainTimesteps: 1000,
};
const NAMES = CROSS.map(({ name }) => name);

/** Inputs that change nothing, or with one value in place of the neutral one, for `rows` pictures. */
function filled(rows: number, values: Record<"multiply" | "relative" | "absolute", number>) {
  const entries = GRIDS.flatMap((grid) =>
    (["multiply", "relative", "absolute"] as const).map((part) => {
      const shape = [rows, grid.height * grid.width, POSITIONS];
      const data = new Float32Array(shape.reduce((a, b) => a * b)).fill(values[part]);
      return [editName(grid, part), floats(shape, data)] as const;
    }),
  );
  return Object.fromEntries(entries);
}
const neutral = (rows: number) => filled(rows, { multiply: 1, relative: 0, absolute: 0 });

describe("the edit as a graph", () => {
  it("is A ⊙ multiply + relative · max(A) + absolute, the maximum per picture", () => {
    const site = { ...CROSS[0]!, height: 1, width: 2, heads: 2, tokens: 2 };
    const names = ["multiply", "relative", "absolute"] as const;
    const graph = new Graph();
    const used = new Set(names.map((part) => editName(site, part)));
    const maps = graph.input("maps", "float32", [2, 2, 2, 2]);
    graph.output("edited", editAt(graph, used, site, 2)!(maps));
    const a = [0.9, 0.1, 0.4, 0.6, 0.5, 0.5, 0.3, 0.7, 0.2, 0.8, 0.6, 0.4, 0.5, 0.5, 0.55, 0.45];
    const edit = [
      { multiply: [1, 2, 0, 1], relative: [0, 1, 0, 0.5], absolute: [0, 0, 0.1, 0] },
      { multiply: [1, 1, 1, 0.5], relative: [1, 0, 0, 0], absolute: [0, 0, 0, 0.2] },
    ];
    const feeds: Record<string, HostTensor> = { maps: floats([2, 2, 2, 2], a) };
    for (const part of names) {
      feeds[editName(site, part)] = floats(
        [2, 2, 2],
        edit.flatMap((each) => each[part]),
      );
    }
    const { edited } = evaluate(graph, feeds);
    const peaks = [0.9, 0.8];
    const expected = a.map((value, i) => {
      const { multiply, relative, absolute } = edit[Math.floor(i / 8)]!;
      const at = i % 4;
      return value * multiply[at]! + relative[at]! * peaks[Math.floor(i / 8)]! + absolute[at]!;
    });
    expectClose(edited!.data, expected);
  });

  it("leaves self-attention and resolutions without inputs alone", () => {
    const graph = new Graph();
    const names = new Set([editName({ height: 4, width: 4 }, "multiply")]);
    expect(editAt(graph, names, { ...CROSS[0]!, kind: "self" }, 1)).toBeUndefined();
    expect(editAt(graph, names, CROSS[0]!, 1)).toBeUndefined();
    expect(graph.inputs.size).toBe(0);
  });
});

describe("an edited denoiser", () => {
  it("gives bit for bit what unedited maps give when the edit is neutral", async () => {
    const [x, condition] = [noise(1), conditionOf([true])];
    const read = await denoiser.denoise(x, LEVEL, condition, { read: NAMES });
    const edited = await denoiser.denoise(x, LEVEL, condition, { read: NAMES, edits: neutral(1) });
    expect(edited.x0.data).toEqual(read.x0.data);
    const plain = await denoiser.denoise(x, LEVEL, condition);
    expectClose(edited.x0, plain.x0, { ofScale: 1e-5 });
    expect(plain.maps).toBeUndefined();
  });

  it("gives other pictures when it is not", async () => {
    const [x, condition] = [noise(1), conditionOf([true])];
    const plain = await denoiser.denoise(x, LEVEL, condition);
    for (const change of [{ multiply: 0.5 }, { relative: 0.1 }, { absolute: 0.1 }]) {
      const edits = filled(1, { multiply: 1, relative: 0, absolute: 0, ...change });
      const { x0 } = await denoiser.denoise(x, LEVEL, condition, { edits });
      expect(() => expectClose(x0, plain.x0, { ofScale: 1e-3 })).toThrow("worst element");
    }
  });

  it("reads maps before the edit, the mean over heads, each cell's row summing to 1", async () => {
    const [x, condition] = [noise(1), conditionOf([true])];
    const first = NAMES[0]!;
    const edits = filled(1, { multiply: 0.3, relative: 0.2, absolute: 0 });
    const { maps } = await denoiser.denoise(x, LEVEL, condition, { read: NAMES, edits });
    const plain = await denoiser.denoise(x, LEVEL, condition, { read: NAMES });
    expect(maps![first]!.shape).toEqual([1, 64, POSITIONS]);
    // No edit lies before the first site, but one before all others.
    expect(maps![first]!.data).toEqual(plain.maps![first]!.data);
    expect(maps![NAMES[1]!]!.data).not.toEqual(plain.maps![NAMES[1]!]!.data);
    for (let cell = 0; cell < 64; cell++) {
      const row = maps![first]!.data.slice(cell * POSITIONS, (cell + 1) * POSITIONS);
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }
  });

  it("keeps the maximum of one picture out of another", async () => {
    const two = conditionOf([true, true]);
    const edits = filled(2, { multiply: 1, relative: 0.3, absolute: 0 });
    const both = await denoiser.denoise(noise(2), LEVEL, two, { edits });
    const embeddings = pickRows(two.embeddings, [0]);
    const alone = await denoiser.denoise(
      noise(1),
      LEVEL,
      { embeddings, conditional: [true] },
      { edits: filled(1, { multiply: 1, relative: 0.3, absolute: 0 }) },
    );
    expectClose(pickRows(both.x0, [0]), alone.x0, { ofScale: 1e-6 });
  });

  it("never edits unconditional rows", async () => {
    const mixed = conditionOf([false, true]);
    const edits = filled(1, { multiply: 0.2, relative: 0.3, absolute: 0.01 });
    const edited = await denoiser.denoise(noise(2), LEVEL, mixed, { read: NAMES, edits });
    const plain = await denoiser.denoise(noise(2), LEVEL, mixed, {
      read: NAMES,
      edits: neutral(1),
    });
    expect(pickRows(edited.x0, [0]).data).toEqual(pickRows(plain.x0, [0]).data);
    expect(pickRows(edited.x0, [1]).data).not.toEqual(pickRows(plain.x0, [1]).data);
    expect(edited.maps![NAMES[0]!]!.shape[0]).toBe(1);
  });

  it("says which sites there are when one is unknown", async () => {
    const asked = denoiser.denoise(noise(1), LEVEL, conditionOf([true]), { read: ["up.9"] });
    await expect(asked).rejects.toThrow(/expected a site of down\.0\.attn\.0\.self.*got up\.9/);
  });
});

describe("placed", () => {
  const condition = conditionOf([true]);

  it("edits at directed levels and is the denoiser itself at others", async () => {
    const wrapped = placed(denoiser, OPTIONS);
    const plain = await denoiser.denoise(noise(1), LEVEL, condition);
    const early = await wrapped.denoise(noise(1), LEVEL, condition);
    expect(() => expectClose(early.x0, plain.x0, { ofScale: 1e-4 })).toThrow("worst element");
    const late = { ...LEVEL, timestep: 500 };
    const after = await wrapped.denoise(noise(1), late, condition);
    expect(after.x0.data).toEqual((await denoiser.denoise(noise(1), late, condition)).x0.data);
  });

  it("asks for the same graph at other levels when one is to serve the whole run", async () => {
    const asked: (string[] | undefined)[] = [];
    const spy = {
      denoise: (...[x, level, of, request]: Parameters<typeof denoiser.denoise>) => {
        asked.push(request && Object.keys(request.edits!));
        return denoiser.denoise(x, level, of, request);
      },
    };
    const wrapped = placed(spy, { ...OPTIONS, otherwise: "neutral" });
    await wrapped.denoise(noise(1), LEVEL, condition);
    const late = { ...LEVEL, timestep: 500 };
    const after = await wrapped.denoise(noise(1), late, condition);
    expect(asked[1]).toEqual(asked[0]);
    const plain = await denoiser.denoise(noise(1), late, condition);
    expectClose(after.x0, plain.x0, { ofScale: 1e-5 });
  });

  it("places each picture of a batch by its own boxes", async () => {
    const other = { ...PLACEMENT, regions: [] };
    const wrapped = placed(denoiser, { ...OPTIONS, placements: [PLACEMENT, other] });
    const two = conditionOf([true, true]);
    const { x0 } = await wrapped.denoise(noise(2), LEVEL, two);
    const plain = await denoiser.denoise(noise(2), LEVEL, two);
    expectClose(pickRows(x0, [1]), pickRows(plain.x0, [1]), { ofScale: 1e-5 });
    const first = pickRows(plain.x0, [0]);
    expect(() => expectClose(pickRows(x0, [0]), first, { ofScale: 1e-4 })).toThrow();
  });
});

describe("guided", () => {
  const condition = conditionOf([true, true]);
  const negative = conditionOf([true]).embeddings;

  it("is the denoiser itself at scale 1", () => {
    expect(guided(denoiser, negative, 1)).toBe(denoiser);
  });

  it("is u + scale (c - u)", async () => {
    const empty = { embeddings: pickRows(negative, [0, 0]), conditional: [true, true] };
    const u = (await denoiser.denoise(noise(2), LEVEL, empty)).x0.data;
    const c = (await denoiser.denoise(noise(2), LEVEL, condition)).x0.data;
    const { x0 } = await guided(denoiser, negative, 3).denoise(noise(2), LEVEL, condition);
    expectClose(
      x0.data,
      Array.from(c, (value, i) => u[i]! + 3 * (value - u[i]!)),
      { ofScale: 1e-5 },
    );
  });

  it("lets placement through to the conditional rows alone", async () => {
    const edits = editTensors(
      GRIDS[0]!,
      [OPTIONS.rule(PLACEMENT, GRIDS[0]!, { noiseLevel: 0.9, run: [0.9] })],
      POSITIONS,
    );
    const one = conditionOf([true]);
    const { maps, x0 } = await guided(denoiser, negative, 2).denoise(noise(1), LEVEL, one, {
      read: [NAMES[0]!],
      edits,
    });
    expect(maps![NAMES[0]!]!.shape[0]).toBe(1);
    const c = (await denoiser.denoise(noise(1), LEVEL, one, { edits })).x0.data;
    const empty = { embeddings: negative, conditional: [true] };
    const u = (await denoiser.denoise(noise(1), LEVEL, empty)).x0.data;
    expectClose(
      x0.data,
      Array.from(c, (value, i) => 2 * value - u[i]!),
      { ofScale: 1e-5 },
    );
  });
});
