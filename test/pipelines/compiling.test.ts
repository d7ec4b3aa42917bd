// What is compiled, and when: a moved box compiles nothing, and a lean pipeline holds one network at a time.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Runtime } from "../../src/engine/runtime/session.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import type { DrawOptions } from "../../src/pipelines/text-to-image-order.js";
import { tinyPipeline } from "./tiny-pipeline.js";

const BOX = { words: "red cube", box: [0, 0, 0.5, 0.5] } as const;
const PLAIN: DrawOptions = { prompt: "a red cube and a blue sphere", steps: 4, cfg: 3, seed: 7n };
const PLACED: DrawOptions = { ...PLAIN, boxes: [BOX] };

let model: Awaited<ReturnType<typeof tinyPipeline>>;
beforeAll(async () => (model = await tinyPipeline()));
afterAll(() => model.remove());

/** A runtime that counts the graphs of the network. */
function counting() {
  const inner = nodeRuntime();
  const count = { compiled: 0, open: 0, most: 0 };
  const runtime: Runtime = {
    ...inner,
    async compile(graph, options) {
      const session = await inner.compile(graph, options);
      if (!graph.inputs.has("timestep")) return session;
      count.compiled++;
      count.most = Math.max(count.most, ++count.open);
      const release = (): Promise<void> => {
        count.open--;
        return session.release();
      };
      return { ...session, run: session.run.bind(session), release };
    },
  };
  return { count, runtime };
}

const load = (runtime: Runtime, isLean: boolean) =>
  loadPipeline(model.folder, { runtime, threads: 1, isLean });

const worst = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe("a pipeline", () => {
  it("compiles nothing for a moved box, other words, strengths, steps or seeds", async () => {
    const { count, runtime } = counting();
    const pipe = await load(runtime, false);
    await pipe.pictures(PLACED);
    expect(count.compiled).toBe(2);
    const moved = { ...BOX, box: [0.4, 0.3, 1, 0.9] } as const;
    await pipe.pictures({ ...PLACED, boxes: [moved, { words: "blue", box: [0, 0, 0.3, 1] }] });
    await pipe.pictures({ ...PLACED, strength: 3, until: 0.8, steps: 5, seed: 9n, sampler: "lms" });
    await pipe.pictures(PLAIN);
    expect(count.compiled).toBe(2);
    await pipe.close();
    expect(count.open).toBe(0);
  });
});

describe("a lean pipeline", () => {
  it("holds one network, the same for a whole picture, and draws the same", async () => {
    const { count, runtime } = counting();
    const lean = await load(runtime, true);
    const full = await load(nodeRuntime(), false);
    const placed = await lean.pictures({ ...PLACED, heatmaps: ["cube"] });
    expect([count.compiled, count.most]).toEqual([1, 1]);
    const [expected] = await full.pictures({ ...PLACED, heatmaps: ["cube"] });
    expect(worst(placed[0]!.picture.data, expected!.picture.data)).toBeLessThanOrEqual(1);
    expect(placed[0]!.boxes[0]!.attentionShare).toBeCloseTo(expected!.boxes[0]!.attentionShare, 4);
    const [plain] = await lean.pictures(PLAIN);
    expect(plain!.picture).toEqual((await full.pictures(PLAIN))[0]!.picture);
    const [none] = await lean.pictures({ ...PLACED, method: "none" });
    const [zero] = await lean.pictures({ ...PLACED, strength: 0 });
    expect(zero!.picture).toEqual(none!.picture);
    expect(worst(none!.picture.data, plain!.picture.data)).toBeLessThanOrEqual(1);
    expect(count.most).toBe(1);
    await Promise.all([lean.close(), full.close()]);
  });
});

describe("dd", () => {
  it("draws another picture than plain, the same again, with its share of attention", async () => {
    const pipe = await load(nodeRuntime(), false);
    const method = {
      name: "dd",
      trailing: 15,
      gain: 0.15,
      outside: 0.001,
      iterations: 3,
      rate: 0.2,
    };
    const options = { ...PLACED, method } as DrawOptions;
    const [drawn] = await pipe.pictures(options);
    expect((await pipe.pictures(options))[0]!.picture).toEqual(drawn!.picture);
    expect(drawn!.boxes[0]!.attentionShare).toBeGreaterThan(0);
    const [plain] = await pipe.pictures(PLAIN);
    expect(worst(drawn!.picture.data, plain!.picture.data)).toBeGreaterThan(1);
    const [idle] = await pipe.pictures({ ...options, until: 0 });
    expect(idle!.picture).toEqual(plain!.picture);
    await pipe.close();
  });

  it("is another rule than dd-v1, and that another than direct", async () => {
    const pipe = await load(nodeRuntime(), false);
    const [first] = await pipe.pictures({ ...PLACED, method: "dd-v1" });
    const [direct] = await pipe.pictures({ ...PLACED, method: "direct" });
    expect(worst(first!.picture.data, direct!.picture.data)).toBeGreaterThan(1);
    await pipe.close();
  });
});
