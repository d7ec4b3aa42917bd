import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import { gradient } from "../../engine/gradient.js";
import { Graph } from "../../engine/graph.js";
import type { Value } from "../../engine/graph.js";
import { nodeRuntime } from "../../engine/runtime/node.js";
import { focalLoss, softplus, weightedCrossEntropy, weightedL1 } from "./loss.js";

/** The value of `build` and its gradient to the first input, at given inputs. */
async function evaluate(
  inputs: Record<string, { shape: readonly number[]; values: readonly number[] }>,
  build: (values: Record<string, Value>) => Value,
): Promise<{ value: number; slope: number[] }> {
  const graph = new Graph();
  const entries = Object.entries(inputs);
  const values = Object.fromEntries(
    entries.map(([name, { shape }]) => [name, graph.input(name, "float32", shape)]),
  );
  const loss = build(values);
  graph.output("loss", loss);
  graph.output("slope", gradient(loss, [values[entries[0]![0]]!])[0]!);
  const session = await nodeRuntime().compile(graph, { threads: 1 });
  const feeds = entries.map(([name, { shape, values: list }]) => [name, floats(shape, list)]);
  const made = await session.run(Object.fromEntries(feeds) as never);
  await session.release();
  return { value: Number(made.loss!.data[0]), slope: Array.from(made.slope!.data as Float32Array) };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe("focalLoss", () => {
  const logits = [2, -1, 0.5, -3];
  const target = [1, 0, 0.6, 0];
  /** Equation 1 of the paper, α = 2 and β = 4. */
  const expected = (list: readonly number[]) =>
    -list.reduce((sum, z, i) => {
      const p = sigmoid(z);
      const y = target[i]!;
      return sum + (y === 1 ? (1 - p) ** 2 * Math.log(p) : (1 - y) ** 4 * p ** 2 * Math.log(1 - p));
    }, 0);

  it("is equation 1 of its paper, for the things there are", async () => {
    const shape = [1, 2, 2, 1];
    const { value, slope } = await evaluate(
      { z: { shape, values: logits }, y: { shape, values: target } },
      ({ z, y }) => focalLoss(z!, y!),
    );
    expect(value).toBeCloseTo(expected(logits), 5);
    logits.forEach((_, i) => {
      const moved = (by: number) => expected(logits.map((z, k) => (k === i ? z + by : z)));
      expect(slope[i]).toBeCloseTo((moved(1e-4) - moved(-1e-4)) / 2e-4, 3);
    });
  });

  it("divides by the number of things, at least 1", async () => {
    const run = async (y: number[]) =>
      (
        await evaluate(
          { z: { shape: [2], values: [-1, -1] }, y: { shape: [2], values: y } },
          (values) => focalLoss(values.z!, values.y!),
        )
      ).value;
    const [p, single] = [sigmoid(-1), -((1 - sigmoid(-1)) ** 2) * Math.log(sigmoid(-1))];
    expect(await run([1, 1])).toBeCloseTo(single, 5);
    expect(await run([0, 0])).toBeCloseTo(-2 * p ** 2 * Math.log(1 - p), 5);
  });
});

describe("softplus", () => {
  it("stays finite far out", async () => {
    const { value } = await evaluate({ x: { shape: [], values: [200] } }, ({ x }) => softplus(x!));
    expect(value).toBe(200);
    const low = await evaluate({ x: { shape: [], values: [-200] } }, ({ x }) => softplus(x!));
    expect(low.value).toBe(0);
  });
});

describe("weightedL1", () => {
  it("leaves out what weighs nothing and divides by the weights", async () => {
    const { value, slope } = await evaluate(
      {
        p: { shape: [1, 1, 3, 2], values: [1, 2, 5, 5, 0, 0] },
        t: { shape: [1, 1, 3, 2], values: [0, 4, 0, 0, 1, 1] },
        w: { shape: [1, 1, 3, 1], values: [1, 0, 0.5] },
      },
      ({ p, t, w }) => weightedL1(p!, t!, w!),
    );
    expect(value).toBeCloseTo((1 + 2 + 0.5 * 2) / 1.5, 5);
    expect(slope[2]).toBe(0);
    expect(slope[1]).toBeCloseTo(-1 / 1.5, 5);
  });
});

describe("weightedCrossEntropy", () => {
  it("is the weighted mean of -log of the right colour's share", async () => {
    const { value } = await evaluate(
      {
        z: { shape: [2, 2], values: [1, 0, 0, 3] },
        t: { shape: [2, 2], values: [1, 0, 0.5, 0] },
      },
      ({ z, t }) => weightedCrossEntropy(z!, t!),
    );
    const share = (a: number, b: number) => Math.log(Math.exp(a) / (Math.exp(a) + Math.exp(b)));
    expect(value).toBeCloseTo(-(share(1, 0) + 0.5 * share(0, 3)) / 1.5, 4);
  });
});
