import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { float32ToFloat16 } from "../../core/float16.js";
import { floats } from "../../core/tensor.js";
import { cast, matmul, reshape, transpose } from "../functions.js";
import { Graph } from "../graph.js";
import type { StoredTensor } from "../lower/stored-weights.js";
import { discard } from "./discard.js";
import { nodeRuntime } from "./node.js";
import type { Session } from "./session.js";
import { WeightStore } from "./weight-store.js";
import { workerRuntime } from "./worker.js";

const folder = mkdtempSync(join(tmpdir(), "followspot-weights-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Shape of the kernel: more rows than are turned at a time, and rows of odd length. */
const SHAPE = [37, 5, 3, 1];
const SIZE = 37 * 15;
/** Whole numbers, which half precision holds exactly. */
const values = Float32Array.from({ length: SIZE }, (_, i) => i);
const file = join(folder, "weights.bin");
const OFFSET = 6;
writeFileSync(
  file,
  Buffer.concat([Buffer.alloc(OFFSET), Buffer.from(float32ToFloat16(values).buffer)]),
);
const location = { file, offset: OFFSET, byteLength: 2 * SIZE };
const plain: StoredTensor = { location, dtype: "float16", shape: SHAPE };
const turned: StoredTensor = { ...plain, permutation: [2, 3, 1, 0] };

const of = (weights: Record<string, StoredTensor>) => new Map(Object.entries(weights));

describe("WeightStore", () => {
  it("reads in the file's order and in another", async () => {
    const lease = await new WeightStore().lease(of({ plain, turned }));
    expect(lease.values.get("plain")).toEqual(values);
    const expected = Array.from({ length: SIZE }, (_, i) => {
      const [tap, channel, out] = [Math.floor(i / 185), Math.floor(i / 37) % 5, i % 37];
      return out * 15 + channel * 3 + tap;
    });
    expect([...lease.values.get("turned")!]).toEqual(expected);
  });

  it("holds a weight once, and frees it with the last that reads it", async () => {
    const store = new WeightStore();
    const first = await store.lease(of({ a: turned }));
    const second = await store.lease(of({ b: turned, c: turned, d: plain }));
    const shared = first.values.get("a")!;
    expect(second.values.get("b")).toBe(shared);
    expect(second.values.get("c")).toBe(shared);
    first.end();
    first.end();
    expect(shared).toHaveLength(SIZE);
    second.end();
    expect(shared).toHaveLength(0);
    expect(second.values.get("d")).toHaveLength(0);
    const again = await store.lease(of({ a: turned }));
    expect(again.values.get("a")).toHaveLength(SIZE);
  });

  it("holds nothing of a request that fails, and serves the next", async () => {
    const store = new WeightStore();
    const held = await store.lease(of({ plain }));
    const short = { ...turned, shape: [1000, 5, 3, 1] };
    await expect(store.lease(of({ plain, turned, short }))).rejects.toThrow("expected bytes up to");
    expect(held.values.get("plain")).toHaveLength(SIZE);
    held.end();
    expect(held.values.get("plain")).toHaveLength(0);
  });
});

describe("discard", () => {
  it("frees buffers at once, also one that is named twice", () => {
    const array = new Float32Array(4);
    discard([array.buffer, array.buffer]);
    expect(array).toHaveLength(0);
  });
});

describe.each([nodeRuntime(), workerRuntime()])("weights in files on $name", (runtime) => {
  const compile = (weights: "packed" | "shared"): Promise<Session> => {
    const graph = new Graph();
    const stored = graph.external("float16", SHAPE, location);
    const kernel = reshape(transpose(cast(stored, "float32"), [2, 3, 1, 0]), [15, 37]);
    graph.output("y", matmul(graph.input("x", "float32", [2, 15]), kernel));
    return runtime.compile(graph, { weights });
  };
  const x = floats(
    [2, 15],
    Float32Array.from({ length: 30 }, (_, i) => i % 4),
  );

  it("give the same shared by sessions as packed in one", async () => {
    const packed = await compile("packed");
    const [first, second] = [await compile("shared"), await compile("shared")];
    const { y } = await packed.run({ x });
    expect((await first.run({ x }))["y"]).toEqual(y);
    await first.release();
    expect((await second.run({ x }))["y"]).toEqual(y);
    await second.release();
    await packed.release();
  });

  it("are no inputs to whoever runs the session", async () => {
    const session = await compile("shared");
    await expect(session.run({ x, "weight.0": x })).rejects.toThrow("unknown input weight.0");
    await session.release();
  });
});
