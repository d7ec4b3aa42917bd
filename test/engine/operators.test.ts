// Every operator case against its oracles: the float64 interpreter, finite differences and PyTorch.

import { describe, expect, it } from "vitest";
import { liveValues } from "../../src/engine/graph.js";
import type { Graph } from "../../src/engine/graph.js";
import { lower } from "../../src/engine/lower/index.js";
import type { OperatorName } from "../../src/engine/operators.js";
import { gradientRules } from "../../src/engine/gradients/index.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { CompileOptions } from "../../src/engine/runtime/session.js";
import { expectClose } from "../closeness.js";
import { finiteDifferences } from "../reference/differences.js";
import { evaluate } from "../reference/index.js";
import { fromHost } from "../reference/tensor.js";
import type { Reference } from "../reference/tensor.js";
import {
  caseFeeds,
  caseGraph,
  floatInputs,
  lossGraph,
  withoutWeightGradients,
} from "./case-graph.js";
import type { OperatorCase } from "./cases/case.js";
import { operatorCases } from "./cases/index.js";
import { readGoldens } from "./goldens.js";

const goldens = await readGoldens("operators.safetensors");

// Goldens are computed in double and stored in single precision.
const TO_PYTORCH = { relative: 1e-6, absolute: 1e-7, ofScale: 1e-7 };
const TO_DIFFERENCES = { relative: 1e-6, absolute: 1e-8, ofScale: 2e-6 };
// The runtime computes in single precision: sums cancel, so errors follow the largest element.
const TO_REFERENCE = { relative: 2e-5, absolute: 1e-6, ofScale: 2e-6 };

const runtime = nodeRuntime("cpu");

async function expectRuntimeAgrees(
  c: OperatorCase,
  graph: Graph,
  options: CompileOptions,
  expected: Record<string, Reference>,
): Promise<void> {
  const session = await runtime.compile(graph, { threads: 1, ...options });
  const results = await session.run(caseFeeds(c));
  await session.release();
  expect(Object.keys(results)).toEqual([...graph.outputs.keys()]);
  for (const [name, result] of Object.entries(results)) {
    expect(result.dtype, name).toBe(expected[name]!.dtype);
    expectClose(result, expected[name]!, TO_REFERENCE);
  }
}

describe.each(operatorCases)("$name", (c) => {
  const { inputs } = c;
  const graph = caseGraph(c);
  const feeds = caseFeeds(c);
  const references = Object.fromEntries(
    Object.entries(feeds).map(([name, feed]) => [name, fromHost(feed)]),
  );
  const expected = evaluate(graph, references);
  const smooth = Object.values(inputs).every(({ kind }) => kind !== "ties");

  it("gives what PyTorch gives, and its gradients", () => {
    expectClose(expected["result"]!, goldens.get(`${c.name}|result`)!, TO_PYTORCH);
    for (const name of floatInputs(c)) {
      const golden = goldens.get(`${c.name}|${name}`);
      // PyTorch has no gradient where we have zeros.
      const wanted = golden ?? {
        ...expected[`d ${name}`]!,
        data: new Float32Array(expected[`d ${name}`]!.data.length),
      };
      expectClose(expected[`d ${name}`]!, wanted, TO_PYTORCH);
    }
  });

  // At a kink both sides differ; PyTorch's choice there is checked above.
  if (smooth) {
    it("has the gradients of finite differences", () => {
      const loss = lossGraph(c);
      for (const name of floatInputs(c)) {
        expectClose(
          expected[`d ${name}`]!,
          finiteDifferences(loss, references, name),
          TO_DIFFERENCES,
        );
      }
    });
  }

  it("runs with convolutions as columns and fused kernels", async () => {
    await expectRuntimeAgrees(c, caseGraph(c), { convolution: "columns" }, expected);
  });

  it("runs in standard operators alone", async () => {
    const portable = lower(caseGraph(c), { fused: false });
    await expectRuntimeAgrees(c, portable, {}, expected);
  });

  const native = withoutWeightGradients(caseGraph(c));
  if (native.outputs.size > 0) {
    it("runs with the provider's own convolutions", async () => {
      await expectRuntimeAgrees(c, native, { convolution: "native" }, expected);
    });
  }
});

describe("the cases", () => {
  it("have names of their own", () => {
    const names = operatorCases.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it("are those that PyTorch ran", () => {
    const ours = new Set(operatorCases.map(({ name }) => name));
    const theirs = new Set([...goldens.keys()].map((key) => key.split("|")[0]!));
    expect([...ours].filter((name) => !theirs.has(name))).toEqual([]);
    expect([...theirs].filter((name) => !ours.has(name))).toEqual([]);
  });

  it("have a golden for every gradient that is not all zeros by nature", () => {
    const missing = operatorCases.flatMap((c) =>
      floatInputs(c)
        .filter((name) => !goldens.has(`${c.name}|${name}`))
        .map((name) => `${c.name}|${name}`),
    );
    expect(missing).toMatchInlineSnapshot(`
      [
        "less|a",
        "less|b",
        "less or equal|a",
        "less or equal|b",
        "equal|a",
        "equal|b",
        "equal to a row|a",
        "equal to a row|b",
        "where|x",
        "where broadcasts all|x",
        "cast to whole numbers and back|x",
      ]
    `);
  });

  it("use every operator but those that hold data", () => {
    const used = new Set(
      operatorCases.flatMap((c) => liveValues(caseGraph(c)).map(({ op }) => op)),
    );
    const sources: OperatorName[] = ["External"];
    const all = Object.keys(gradientRules) as OperatorName[];
    expect(all.filter((op) => !used.has(op) && !sources.includes(op))).toEqual([]);
  });
});
