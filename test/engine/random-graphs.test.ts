// 200 random graphs: loss and gradients as PyTorch gives them, from the interpreter and from the runtime.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { foldConstants } from "../../src/engine/fold.js";
import { lower } from "../../src/engine/lower/index.js";
import { rewrite } from "../../src/engine/rewrite.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { verify } from "../../src/engine/verify.js";
import { expectClose } from "../closeness.js";
import { evaluate } from "../reference/index.js";
import { readGoldens } from "./goldens.js";
import { generateProgram } from "./programs/generate.js";
import { programFeeds, programGraph } from "./programs/program.js";
import type { Program, StepKind } from "./programs/program.js";
import { proposals } from "./programs/proposals.js";

const path = new URL("../golden/engine/random_programs.json", import.meta.url);
const programs = JSON.parse(readFileSync(path, "utf8")) as Program[];
const goldens = await readGoldens("random_graphs.safetensors");

const TO_PYTORCH = { relative: 1e-6, absolute: 1e-7, ofScale: 1e-7 };
// A dozen steps in single precision, some of which cancel.
const TO_REFERENCE = { relative: 1e-4, absolute: 1e-5, ofScale: 2e-5 };

const runtime = nodeRuntime("cpu");

/** Loss and gradients one after the other, as the goldens have them. */
function row(outputs: Readonly<Record<string, { data: ArrayLike<number | bigint> }>>): number[] {
  return Object.values(outputs).flatMap(({ data }) =>
    Array.from<number | bigint, number>(data, Number),
  );
}

describe.each(programs.map((program, seed) => ({ seed, program })))(
  "graph $seed",
  ({ seed, program }) => {
    const graph = programGraph(program);
    const feeds = programFeeds(program);
    const expected = evaluate(graph, feeds);

    it("has PyTorch's loss and gradients", () => {
      expectClose(row(expected), goldens.get(String(seed))!, TO_PYTORCH);
    });

    it("runs in single precision", async () => {
      // Half of the graphs run with fused kernels, half folded and in WebGPU's operators.
      const lowered = lower(rewrite(graph, foldConstants), { fused: false, webgpu: true });
      const run = seed % 2 ? graph : lowered;
      verify(run, seed % 2 ? undefined : "web-webgpu");
      const session = await runtime.compile(run, { threads: 1 });
      const outputs = await session.run(feeds);
      await session.release();
      for (const [name, output] of Object.entries(outputs)) {
        expectClose(output, expected[name]!, TO_REFERENCE);
      }
    });
  },
);

describe("the programs", () => {
  it("are those that their seeds give", () => {
    expect(programs).toHaveLength(200);
    for (const seed of [0, 1, 77, 123, 199]) expect(generateProgram(seed)).toEqual(programs[seed]);
  });

  it("use every kind of step", () => {
    const used = new Set<StepKind>(programs.flat().map(([kind]) => kind));
    expect(Object.keys(proposals).filter((kind) => !used.has(kind as StepKind))).toEqual([]);
  });
});
