import { describe, expect, it } from "vitest";
import { FollowspotError } from "../core/errors.js";
import { floats } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { mul, sum } from "../engine/functions.js";
import { Graph } from "../engine/graph.js";
import { nodeRuntime } from "../engine/runtime/node.js";
import { ConstantWeights } from "./constant-weights.js";
import { ZEROS } from "./init.js";
import { Packing, PackedWeights } from "./packed-weights.js";
import { scoped } from "./weights.js";
import type { WeightSpec } from "./weights.js";

const SPECS: WeightSpec[] = [
  { name: "a.bias", role: "vector", shape: [2], init: ZEROS },
  { name: "a.weight", role: "linear", shape: [2, 3], init: ZEROS },
  { name: "b.weight", role: "convolution", shape: [2, 1, 1, 2], init: ZEROS },
  { name: "c.weight", role: "table", shape: [2, 2], init: ZEROS },
];
const TENSORS = new Map<string, HostTensor<"float32">>([
  ["a.bias", floats([2], [1, 2])],
  ["a.weight", floats([2, 3], [3, 4, 5, 6, 7, 8])],
  ["b.weight", floats([2, 1, 1, 2], [9, 10, 11, 12])],
  ["c.weight", floats([2, 2], [13, 14, 15, 16])],
]);

describe("Packing", () => {
  const packing = new Packing(SPECS);

  it("puts matrices first, each in the graph's layout", () => {
    expect([packing.size, packing.decayed]).toEqual([16, 14]);
    const linear = [3, 6, 4, 7, 5, 8];
    const convolution = [9, 11, 10, 12];
    expect([...packing.pack(TENSORS)]).toEqual([
      ...linear,
      ...convolution,
      ...[13, 14, 15, 16],
      ...[1, 2],
    ]);
  });

  it("unpacks what it packed, in the checkpoint's layout", () => {
    expect(packing.unpack(packing.pack(TENSORS))).toEqual(
      new Map(packing.specs.map(({ name }) => [name, TENSORS.get(name)!])),
    );
    expect(() => packing.unpack(new Float32Array(15))).toThrow("expected 16 values, got 15");
  });

  it("names a weight that is missing or has another shape", () => {
    const without = new Map([...TENSORS].filter(([name]) => name !== "b.weight"));
    expect(() => packing.pack(without)).toThrow(FollowspotError);
    expect(() => packing.pack(without)).toThrow("weight b.weight: expected shape 2x1x1x2, got no");
    const turned = new Map(TENSORS).set("a.weight", floats([3, 2], [3, 4, 5, 6, 7, 8]));
    expect(() => packing.pack(turned)).toThrow("weight a.weight: expected shape 2x3, got 3x2");
  });

  it("refuses a name twice", () => {
    expect(() => new Packing([...SPECS, SPECS[0]!])).toThrow("got a.bias twice");
  });
});

describe("PackedWeights", () => {
  it("gives the weights that constants would give, and the gradient in the vector's order", async () => {
    const packing = new Packing(SPECS);
    const graph = new Graph();
    const vector = graph.input("weights", "float32", [packing.size]);
    const packed = new PackedWeights(vector, packing);
    const constants = new ConstantWeights(graph, TENSORS);
    const squares = SPECS.map((spec) => {
      graph.output(`packed ${spec.name}`, packed.get(spec));
      graph.output(`constant ${spec.name}`, constants.get(spec));
      return sum(mul(packed.get(spec), packed.get(spec)));
    });
    const [first, , , last] = squares;
    const loss = sum(mul(first!, last!));
    graph.output("gradient", packed.gradient(loss));
    // The second piece ends inside one weight and begins inside another.
    const cuts = [0, 3, 12, 16];
    const pieces = cuts.slice(1).map((end, i) => ({ start: cuts[i]!, end }));
    packed.gradientPieces(loss, pieces).forEach((piece, i) => graph.output(`piece ${i}`, piece));
    const session = await nodeRuntime().compile(graph);
    const outputs = await session.run({ weights: floats([16], packing.pack(TENSORS)) });
    await session.release();
    for (const { name } of SPECS) {
      expect(outputs[`packed ${name}`]).toEqual(outputs[`constant ${name}`]);
    }
    // The loss is |bias|² |table|², so a weight's gradient is twice itself times the other's square.
    const [bias, table] = [5, 846];
    expect([...(outputs.gradient!.data as Float32Array)]).toEqual([
      ...new Array<number>(10).fill(0),
      ...[13, 14, 15, 16].map((x) => 2 * x * bias),
      ...[1, 2].map((x) => 2 * x * table),
    ]);
    const joined = pieces.flatMap((_, i) => [...(outputs[`piece ${i}`]!.data as Float32Array)]);
    expect(joined).toEqual([...(outputs.gradient!.data as Float32Array)]);
  });
});

describe("scoped", () => {
  it("looks weights up under a prefix", () => {
    const tensors = new Map([...TENSORS].map(([name, value]) => [`unet.${name}`, value]));
    const inner = new ConstantWeights(new Graph(), tensors);
    expect(scoped(inner, "unet").get(SPECS[0]!).shape).toEqual([2]);
    expect(() => scoped(inner, "vae").get(SPECS[0]!)).toThrow("weight vae.a.bias");
  });
});
