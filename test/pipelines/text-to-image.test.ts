// A whole tiny pipeline: from a prompt and boxes to pictures, and what must never change them.

import { cp, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Runtime, Session } from "../../src/engine/runtime/session.js";
import { readJson, writeJson } from "../../src/io/json.js";
import { loadPipeline } from "../../src/pipelines/text-to-image.js";
import type { TextToImagePipeline } from "../../src/pipelines/text-to-image.js";
import type { DrawOptions } from "../../src/pipelines/text-to-image-order.js";
import { tinyPipeline } from "./tiny-pipeline.js";

const PROMPT = "a red cube and a blue sphere";
const BOXES = [
  { words: "red cube", box: [0, 0, 0.5, 0.5] },
  { words: "blue sphere", box: [0.5, 0.5, 1, 1] },
] as const;
const PLAIN: DrawOptions = { prompt: PROMPT, steps: 4, cfg: 3, seed: 7n };

let model: Awaited<ReturnType<typeof tinyPipeline>>;
let pipe: TextToImagePipeline;

beforeAll(async () => {
  model = await tinyPipeline();
  pipe = await loadPipeline(model.folder, { threads: 1 });
});
afterAll(async () => {
  await pipe.close();
  model.remove();
});

async function bytesOf(options: DrawOptions): Promise<Uint8Array> {
  return (await pipe.pictures(options))[0]!.picture.data;
}

const differing = (a: Uint8Array, b: Uint8Array): number =>
  a.filter((value, i) => value !== b[i]).length;

describe("draw", () => {
  it("gives a picture of the trained size, with something in it, and steps on the way", async () => {
    const steps: number[] = [];
    for await (const { step, steps: all, preview, pictures } of pipe.draw(PLAIN)) {
      steps.push(step);
      expect(all).toBe(4);
      expect([preview!.width, preview!.height]).toEqual([32, 32]);
      if (step < 4) expect(pictures).toBeUndefined();
      else expect(pictures![0]!.picture).toEqual(preview);
      expect(new Set(preview!.data).size).toBeGreaterThan(20);
    }
    expect(steps).toEqual([1, 2, 3, 4]);
  });

  it("gives the same bytes again, and others for another seed or prompt", async () => {
    const once = await bytesOf(PLAIN);
    expect(await bytesOf(PLAIN)).toEqual(once);
    expect(differing(await bytesOf({ ...PLAIN, seed: 8n }), once)).toBeGreaterThan(300);
    expect(differing(await bytesOf({ ...PLAIN, prompt: "a house" }), once)).toBeGreaterThan(100);
  });

  for (const sampler of ["ddim", "euler-ancestral", "heun"] as const) {
    it(`draws a batch as it draws each alone, with ${sampler}`, async () => {
      const options = { ...PLAIN, sampler, boxes: BOXES };
      const batch = await pipe.pictures({ ...options, seeds: [7n, 8n] });
      for (const [i, seed] of [7n, 8n].entries()) {
        const alone = await bytesOf({ ...options, seed });
        const worst = alone.reduce(
          (most, value, at) => Math.max(most, Math.abs(value - batch[i]!.picture.data[at]!)),
          0,
        );
        expect(worst).toBeLessThanOrEqual(1);
      }
    });
  }

  it("changes the picture with boxes, and with a moved box", async () => {
    const plain = await bytesOf(PLAIN);
    const placed = await bytesOf({ ...PLAIN, boxes: BOXES });
    const moved = await bytesOf({
      ...PLAIN,
      boxes: [BOXES[0], { ...BOXES[1], box: [0, 0.5, 0.5, 1] }],
    });
    expect(differing(placed, plain)).toBeGreaterThan(100);
    expect(differing(moved, placed)).toBeGreaterThan(100);
  });

  it("is plain, bit for bit, at strength 0, with an empty step range and with method none", async () => {
    const plain = await bytesOf(PLAIN);
    expect(await bytesOf({ ...PLAIN, boxes: BOXES, strength: 0 })).toEqual(plain);
    expect(await bytesOf({ ...PLAIN, boxes: BOXES, until: 0 })).toEqual(plain);
    expect(await bytesOf({ ...PLAIN, boxes: BOXES, method: "none" })).toEqual(plain);
    expect(await bytesOf({ ...PLAIN, heatmaps: ["cube"] })).toEqual(plain);
  });

  it("looks at maps without changing the picture", async () => {
    const placed = { ...PLAIN, boxes: BOXES };
    const [seen] = await pipe.pictures({ ...placed, heatmaps: ["cube", "blue sphere"] });
    expect(seen!.picture.data).toEqual(await bytesOf(placed));
    expect(seen!.heatmaps.map(({ word }) => word)).toEqual(["cube", "blue sphere"]);
    expect(new Set(seen!.heatmaps[0]!.picture.data).size).toBeGreaterThan(20);
  });

  it("tells the tokens of each box and the share of their attention in it", async () => {
    const [drawn] = await pipe.pictures({ ...PLAIN, boxes: BOXES });
    expect(drawn!.boxes.map(({ tokens }) => tokens.map(({ index }) => index))).toEqual([
      [2, 3],
      [6, 7],
    ]);
    expect(drawn!.boxes[1]!.tokens.map(({ text }) => text)).toEqual(["blue", "sphere"]);
    for (const { attentionShare } of drawn!.boxes) {
      expect(attentionShare).toBeGreaterThan(0);
      expect(attentionShare).toBeLessThan(1);
    }
    const [plain] = await pipe.pictures({ ...PLAIN, boxes: BOXES, method: "none" });
    expect(plain!.boxes[0]!.attentionShare).toBeGreaterThan(0);
  });

  it("refuses boxes that are no four numbers, as programs without types may give them", async () => {
    const boxed = (box: unknown) =>
      bytesOf({ ...PLAIN, boxes: [{ words: "red cube", box }] } as unknown as DrawOptions);
    for (const box of [[0.3, 0.3, 0.7], [NaN, 0, 0.5, 0.5], "left", undefined, ["0", 0, 1, 1]]) {
      await expect(boxed(box)).rejects.toThrow(/box "red cube": expected four numbers/);
    }
  });

  it("draws something with a box far smaller than an attention cell, as while one is dragged", async () => {
    const box = [0.41, 0.33, 0.412, 0.332] as const;
    const tiny = await bytesOf({ ...PLAIN, boxes: [{ words: "red cube", box }] });
    expect(new Set(tiny).size).toBeGreaterThan(20);
  });

  it("says that a negative prompt is cut", () => {
    const { warnings } = pipe.plan({ ...PLAIN, negative: "snow ".repeat(90) });
    expect(warnings.join()).toMatch(
      /reads 75 tokens of the negative prompt; "snow snow.* is left out/,
    );
  });

  it("clips no latents, whatever the scheduler's configuration leaves to a default", async () => {
    const folder = join(model.folder, "..", `${basename(model.folder)}-unclipped`);
    await cp(model.folder, folder, { recursive: true });
    const path = join(folder, "scheduler", "scheduler_config.json");
    const { clip_sample: _clip, ...rest } = (await readJson(path)) as Record<string, unknown>;
    await writeJson(path, rest);
    const other = await loadPipeline(folder, { threads: 1 });
    const [drawn] = await other.pictures(PLAIN);
    await other.close();
    await rm(folder, { recursive: true });
    expect(drawn!.picture.data).toEqual(await bytesOf(PLAIN));
  });

  it("refuses a network that looks at more than latents, before its weights are read", async () => {
    const folder = join(model.folder, "..", `${basename(model.folder)}-inpainting`);
    await cp(model.folder, folder, { recursive: true });
    const path = join(folder, "unet", "config.json");
    await writeJson(path, { ...((await readJson(path)) as object), in_channels: 9 });
    await expect(loadPipeline(folder)).rejects.toThrow(
      /expected a UNet of the 4 channels that its autoencoder decodes, got 9 in and 4 out.*inpainting/,
    );
    await rm(folder, { recursive: true });
  });

  it("ends when the pipeline is closed on the way, and leaves nothing compiled", async () => {
    const other = await loadPipeline(model.folder, { threads: 1 });
    const drawing = (async () => {
      for await (const { step } of other.draw(PLAIN)) if (step === 1) await other.close();
    })();
    await expect(drawing).rejects.toThrow(/expected an open pipeline, got one that was closed/);
  });

  it("encodes nothing for a call that was given up before its turn", async () => {
    const signal = AbortSignal.abort(new Error("gone"));
    await expect(bytesOf({ ...PLAIN, signal })).rejects.toThrow("gone");
  });

  it("stops within a step of an abort, with the signal's reason", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const seen: number[] = [];
    const run = async () => {
      for await (const { step } of pipe.draw({ ...PLAIN, signal: controller.signal })) {
        seen.push(step);
        if (step === 2) controller.abort(reason);
      }
    };
    await expect(run()).rejects.toBe(reason);
    expect(seen).toEqual([1, 2]);
  });
});

/** Runs graphs in this thread, counts the runs, and aborts in the middle of the `last`th. */
function abortingRuntime() {
  const inner = nodeRuntime();
  const plan = { runs: 0, last: Infinity, controller: new AbortController() };
  const compile: Runtime["compile"] = async (graph, options) => {
    const session = await inner.compile(graph, options);
    const run: Session["run"] = (...given) => {
      const running = session.run(...given);
      if (++plan.runs === plan.last) plan.controller.abort(new Error("enough"));
      return running;
    };
    return { run, release: () => session.release() };
  };
  return { plan, runtime: { name: "aborting", compile } satisfies Runtime };
}

it("runs nothing more after an abort: no descent of a search, no row to decode", async () => {
  const options: DrawOptions = {
    ...{ prompt: PROMPT, boxes: BOXES, seeds: [7n, 8n], steps: 2, until: 0.4, previews: false },
    method: { name: "dd", iterations: 2 },
  };
  const { plan, runtime } = abortingRuntime();
  const other = await loadPipeline(model.folder, { threads: 1, runtime });
  const drawUntil = async (last: number) => {
    Object.assign(plan, { runs: 0, last, controller: new AbortController() });
    const drawn = other.pictures({ ...options, signal: plan.controller.signal });
    const end = await drawn.then(String, (error: Error) => error.message);
    return { end, runs: plan.runs };
  };
  await drawUntil(Infinity); // The prompts are encoded and kept.
  const { runs: all } = await drawUntil(Infinity);
  // The plain maps, two searches of two descents, two steps, two rows.
  expect(all).toBe(1 + 4 + 2 + 2);
  for (let last = 1; last <= all; last++) {
    expect(await drawUntil(last)).toEqual({ end: "enough", runs: last });
  }
  await other.close();
}, 30_000);
