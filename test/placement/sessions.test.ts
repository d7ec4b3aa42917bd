// Which graphs a denoiser keeps, and how their weights are held.

import { expect, it } from "vitest";
import { floats, zeros } from "../../src/core/tensor.js";
import type { Runtime } from "../../src/engine/runtime/session.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { UNetDenoiser } from "../../src/pipelines/denoiser.js";
import {
  conditionOf,
  CONFIG,
  CROSS,
  GRIDS,
  LEVEL,
  noise,
  POSITIONS,
  WEIGHTS,
} from "./tiny-unet.js";

/** A runtime that computes nothing, and what was asked of it. */
function recording(): { runtime: Runtime; log: string[] } {
  const log: string[] = [];
  const runtime: Runtime = {
    name: "recording",
    compile(graph, { weights } = {}) {
      const name = [...graph.outputs.keys()].some((output) => output === "loss")
        ? "objective"
        : [...graph.inputs.keys()].some((input) => input.startsWith("edit."))
          ? "directed"
          : [...graph.outputs.keys()].some((output) => output.startsWith("maps."))
            ? "maps"
            : "plain";
      log.push(`${name} ${weights}`);
      const outputs = [...graph.outputs].map(([output, { dtype, shape }]) => {
        return [output, zeros(dtype, shape)] as const;
      });
      return Promise.resolve({
        run: () => Promise.resolve(Object.fromEntries(outputs)),
        release: async () => void log.push(`release ${name}`),
      });
    },
  };
  return { runtime, log };
}

/** Two steps of a search between two directed ones, then a plain one. */
async function drawn(sessions: number): Promise<string[]> {
  const { runtime, log } = recording();
  const denoiser = new UNetDenoiser({
    config: CONFIG,
    prediction: "v_prediction",
    weights: (graph) => new ConstantWeights(graph, WEIGHTS),
    runtime,
    sessions,
  });
  const condition = conditionOf([true]);
  const read = [CROSS[0]!.name];
  const edits = Object.fromEntries(
    GRIDS.map(({ height, width }) => [
      `edit.${height}x${width}.multiply`,
      floats([1, height * width, POSITIONS], new Float32Array(height * width * POSITIONS)),
    ]),
  );
  const objective = { loss: "placement", inputs: {}, wrt: ["x"] };
  for (let step = 0; step < 2; step++) {
    await denoiser.denoise(noise(1), LEVEL, condition, { read });
    await denoiser.pullback(noise(1), LEVEL, condition, { read }, objective);
    await denoiser.denoise(noise(1), LEVEL, condition, { read, edits });
  }
  await denoiser.denoise(noise(1), LEVEL, condition);
  await denoiser.release();
  return log;
}

it("holds one packed graph and a search's graphs with shared weights where memory is short", async () => {
  expect(await drawn(1)).toEqual([
    "maps shared",
    "objective shared",
    "directed packed",
    "release directed",
    "plain packed",
    "release plain",
    "release maps",
    "release objective",
  ]);
});

it("packs all where there is room, and compiles each once", async () => {
  const log = await drawn(4);
  expect(log.slice(0, 4)).toEqual([
    "maps packed",
    "objective packed",
    "directed packed",
    "plain packed",
  ]);
  expect(log.slice(4)).toHaveLength(4);
});
