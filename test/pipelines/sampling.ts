// Tiny models of every kind in a folder of their own, and pictures that are drawn of them.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { decodeImage } from "../../src/io/image.js";
import type { Reporter } from "../../src/pipelines/draw-request.js";
import { samplePictures } from "../../src/pipelines/sample.js";
import type { SampleRequest } from "../../src/pipelines/sample-request.js";
import { withThreads } from "../../src/training/run/threads.js";
import { writeTinyModels } from "../distillation/tiny-models.js";
import { writeTinyPictures } from "../training/tiny-teacher.js";

export const runtime = withThreads(nodeRuntime(), 1);
/** Folder of the models by their names, of data in `pictures`, and of what is drawn. */
export let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-sample-"));
  await writeTinyModels(base);
  await writeTinyPictures(join(base, "pictures"));
}, 900_000);

afterAll(() => rm(base, { recursive: true, force: true }));

/** A reporter that tells nobody. */
export const silent: Reporter = {
  start: () => undefined,
  step: () => undefined,
  note: () => undefined,
  finish: () => undefined,
};

/** Six pictures of a model in batches of four, into a folder beside it. */
export const sample = (
  model: string,
  out: string,
  change: Partial<SampleRequest> = {},
  { reporter = silent, signal = new AbortController().signal } = {},
) =>
  samplePictures(
    { model: join(base, model), folder: join(base, out), count: 6, batch: 4, ...change },
    ...([reporter, signal, runtime] as const),
  );

/** Contents of a folder's pictures by their paths. */
export async function filesOf(out: string): Promise<Map<string, Buffer>> {
  const names = await readdir(join(base, out), { recursive: true });
  const pictures = names.filter((name) => name.endsWith(".png")).sort();
  const read = pictures.map(async (name) => [name, await readFile(join(base, out, name))] as const);
  return new Map(await Promise.all(read));
}

/** The largest difference of two sets of pictures, in 1/255. */
export async function difference(a: Map<string, Buffer>, b: Map<string, Buffer>): Promise<number> {
  expect([...b.keys()]).toEqual([...a.keys()]);
  let largest = 0;
  for (const [name, bytes] of a) {
    const [one, other] = [await decodeImage(bytes), await decodeImage(b.get(name)!)];
    one.data.forEach((value, i) => {
      largest = Math.max(largest, Math.abs(value - other.data[i]!));
    });
  }
  return largest;
}
