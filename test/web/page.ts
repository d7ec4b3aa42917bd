// The page that web.test.ts opens: `followspot/web` as a bundler's user gets it.

import * as followspot from "../../src/web.js";
import type { DrawOptions, WebLoadOptions } from "../../src/web.js";

/** What came of a drawing, as a message. */
export interface Drawn {
  readonly steps: readonly number[];
  /** Files that arrived, sorted. */
  readonly files: readonly string[];
  readonly size: readonly [width: number, height: number];
  readonly pixels: readonly number[];
  readonly attentionShares: readonly number[];
  readonly heatmaps: number;
}

export interface WebPage {
  /** Names that the door offers. */
  readonly names: readonly string[];
  draw(address: string, load: WebLoadOptions, options: DrawOptions, seed: string): Promise<Drawn>;
  /** The message of what loading throws. */
  refusal(address: string): Promise<string>;
  /** The gradient of the sum of squares at `values`, by the engine alone. */
  differentiate(values: readonly number[], wasmPaths: string): Promise<number[]>;
}

const page: WebPage = {
  names: Object.keys(followspot).sort(),

  async draw(address, load, options, seed) {
    const files = new Set<string>();
    const onProgress = ({ file }: followspot.FetchProgress) => void files.add(file);
    const pipe = await followspot.loadPipeline(address, { ...load, onProgress });
    const steps: number[] = [];
    for await (const { step, pictures } of pipe.draw({ ...options, seed: BigInt(seed) })) {
      steps.push(step);
      if (!pictures) continue;
      await pipe.close();
      const { picture, boxes, heatmaps } = pictures[0]!;
      return {
        steps,
        files: [...files].sort(),
        size: [picture.width, picture.height],
        pixels: [...picture.data],
        attentionShares: boxes.map(({ attentionShare }) => attentionShare),
        heatmaps: heatmaps.length,
      };
    }
    throw new Error("page: expected pictures, got none");
  },

  refusal: (address) =>
    followspot.loadPipeline(address).then(
      () => "none",
      (error: unknown) =>
        error instanceof followspot.FollowspotError ? error.message : `not ours: ${String(error)}`,
    ),

  async differentiate(values, wasmPaths) {
    const { Graph, floats, functions, gradient, webRuntime } = followspot;
    const graph = new Graph();
    const x = graph.input("x", "float32", [values.length]);
    graph.output("gradient", gradient(functions.sum(functions.mul(x, x)), [x])[0]!);
    const session = await webRuntime("wasm", { wasmPaths }).compile(graph, { threads: 1 });
    const outputs = await session.run({ x: floats([values.length], values) });
    await session.release();
    return Array.from(outputs["gradient"]!.data as Float32Array);
  },
};

Object.assign(globalThis, { followspot: page });
