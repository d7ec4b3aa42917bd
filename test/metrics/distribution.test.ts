// The comparison of two sets from files to report, with a thin network.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { writeSafetensors } from "../../src/io/safetensors.js";
import type { Reporter } from "../../src/pipelines/draw-request.js";
import { evaluateDistribution } from "../../src/pipelines/evaluate-distribution.js";
import type { DistributionRequest } from "../../src/pipelines/evaluate-distribution-request.js";
import { png, workFolder } from "../io/dataset-files.js";
import { thinWeights } from "./thin-inception.js";

const COUNT = 12;

let work: Awaited<ReturnType<typeof workFolder>>;
let weights: string;
let request: DistributionRequest;

beforeAll(async () => {
  work = await workFolder();
  weights = join(work.root, "thin.safetensors");
  await writeSafetensors(weights, thinWeights());
  request = {
    pictures: await setOf(COUNT, 0),
    reference: await setOf(COUNT + 2, 3),
    ...{ weights, few: true, features: 768, threads: 1, batch: 5 },
    cache: await mkdtemp(join(tmpdir(), "followspot-features-")),
  };
});
afterAll(async () => {
  await work.remove();
  await rm(request.cache!, { recursive: true });
});

async function setOf(count: number, first: number, side = 8): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) files[`${i}.png`] = await png(first + i, side);
  return work.folder(files);
}

const silent: Reporter = {
  start: () => undefined,
  step: () => undefined,
  note: () => undefined,
  finish: () => undefined,
};

const evaluate = (
  change: Partial<DistributionRequest> = {},
  reporter = silent,
  signal?: AbortSignal,
) =>
  evaluateDistribution(
    { ...request, ...change },
    reporter,
    signal ?? new AbortController().signal,
    nodeRuntime(),
  );

describe("evaluateDistribution", () => {
  it("tells the distances and all that they depend on, and keeps the reference's features", async () => {
    const stages: string[] = [];
    const steps: number[] = [];
    const reporter = {
      ...silent,
      start: (total: number, label: string) => void stages.push(`${label} ${total}`),
      step: (done: number) => void steps.push(done),
    };
    const first = await evaluate({}, reporter);
    expect(stages).toEqual(["reference 14", "pictures 12", "distances 3"]);
    expect(steps).toEqual([5, 10, 14, 5, 10, 12, 1, 2, 3]);
    expect(first).toMatchObject({ distance: "FD-48", neighbours: 3, seed: 0 });
    expect(first.pictures).toMatchObject({ count: 12, of: 12, size: 8, resizing: "as they are" });
    expect(first.reference).toMatchObject({ count: 14, cached: false });
    expect(first.weights.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(first.input).toContain("TensorFlow 1");
    expect(first.frechet).toBeGreaterThan(0);
    expect(first.kernel).toMatchObject({ subsets: 100, subsetSize: 6 });
    expect(await readdir(request.cache!)).toHaveLength(1);
    const again = await evaluate({});
    expect(again.reference.cached).toBe(true);
    const { seconds: _a, reference: _b, ...figures } = first;
    expect(again).toMatchObject(figures);
    // Fewer pictures are another reference.
    const fewer = await evaluate({ count: 10 });
    expect(fewer.reference).toMatchObject({ cached: false, count: 10, of: 14 });
  });

  it("is below 1e-3 for a set against itself, and all of it is within", async () => {
    const own = await evaluate({ reference: request.pictures, features: 2048 });
    expect(own.frechet).toBeLessThan(1e-3);
    expect(own).toMatchObject({ distance: "FD-128", precision: 1, recall: 1 });
    expect(own.inceptionScore!.mean).toBeGreaterThanOrEqual(1);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const reporter = { ...silent, step: () => controller.abort(new Error("stopped")) };
    await expect(
      evaluate({ cache: join(work.root, "none") }, reporter, controller.signal),
    ).rejects.toThrow("stopped");
  });

  it.each<[string, () => Promise<Partial<DistributionRequest>>, string]>([
    ["no weights", async () => ({ weights: "" }), "expected a file of weights, got none"],
    [
      "too few pictures",
      async () => ({ few: false }),
      "at least 769 pictures for 768 features, got 12",
    ],
    [
      "fewer than asked for",
      async () => ({ count: 13 }),
      "at least 13 pictures, got 12. Give more",
    ],
    ["two sizes", async () => ({ reference: await setOf(COUNT, 0, 9) }), "got 8x8 in"],
    ["a set of three", async () => ({ pictures: await setOf(3, 0) }), "at least 4 pictures"],
  ])("refuses %s", async (_, change, expected) => {
    await expect(evaluate(await change())).rejects.toThrow(expected);
  });

  it("refuses 2048 features of weights that end before", async () => {
    const partial = join(work.root, "partial.safetensors");
    const tensors = [...thinWeights()].filter(([name]) => name !== "softmax.weight");
    await writeSafetensors(partial, tensors);
    await expect(evaluate({ weights: partial, features: 2048 })).rejects.toThrow(
      "Ask for --features 768",
    );
  });
});
