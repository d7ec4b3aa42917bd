// A set in a thread: the same as the direct one, and made while this thread is blocked.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import { lookAhead, openDataset, openDatasetInThread } from "../../src/io/dataset/index.js";
import type { DatasetOptions } from "../../src/io/dataset/index.js";
import { errorOf, tellError } from "../../src/io/dataset/told-error.js";
import { openTeacherData } from "../../src/training/teacher/data.js";
import { teacherSchema } from "../../src/training/teacher/index.js";
import { tinyTeacherDocument, writeTinyPictures } from "../training/tiny-teacher.js";
import { classFiles, idx, png, workFolder } from "./dataset-files.js";

const GOLDEN = fileURLToPath(new URL("../golden/dataset/", import.meta.url));

let work: Awaited<ReturnType<typeof workFolder>>;
beforeAll(async () => {
  work = await workFolder();
});
afterAll(() => work.remove());

/** A flat folder of `count` pictures of 128x128. */
async function manyPictures(count: number): Promise<string> {
  const files: Record<string, Uint8Array> = {};
  for (let i = 0; i < count; i++) files[`${100 + i}.png`] = await png(i, 128);
  return work.folder(files);
}

/** What is thrown when a set is opened and picture `index` read, directly and in a thread. */
async function thrownBy(path: string, index = 0, options: DatasetOptions = {}): Promise<unknown[]> {
  const thrown: unknown[] = [];
  for (const open of [openDataset, openDatasetInThread]) {
    const done = await open(path, options)
      .then((data) => data.pictures([index]).finally(() => data.close()))
      .catch((error: unknown) => error);
    thrown.push(done);
  }
  return thrown;
}

describe("openDatasetInThread", () => {
  const kinds: Record<string, () => Promise<[string, DatasetOptions]>> = {
    "class folders": async () => [await work.folder(await classFiles()), {}],
    "a flat folder, scaled": async () => [await manyPictures(3), { size: 6 }],
    "a zip, grey": async () => [await work.zip(await classFiles(), 6), { channels: 1 }],
    "idx files, padded": async () => {
      const bytes = Uint8Array.from({ length: 3 * 4 * 4 }, (_, i) => i);
      return [await work.write("train-images-idx3-ubyte", idx([3, 4, 4], bytes)), { size: 6 }];
    },
    parquet: async () => [join(GOLDEN, "train-hub.parquet"), { cacheBytes: 0 }],
  };

  it.each(Object.keys(kinds))("gives what openDataset gives: %s", async (kind) => {
    const [path, options] = await kinds[kind]!();
    const [direct, data] = [
      await openDataset(path, options),
      await openDatasetInThread(path, options),
    ];
    const { count, size, channels, digest, resizing, classes } = direct;
    expect(data).toMatchObject({ count, size, channels, digest, resizing });
    expect(data.classes).toEqual(classes);
    for (let i = 0; i < count; i++) expect(data.nameOf(i)).toBe(direct.nameOf(i));
    expect(() => data.nameOf(count)).toThrow(RangeError);
    const asked = [1, 0, 1, ...Array.from({ length: count }, (_, i) => i)];
    // Twice: decoded, then from the cache.
    for (let round = 0; round < 2; round++) {
      expect(await data.pictures(asked)).toEqual(await direct.pictures(asked));
    }
    await Promise.all([data.close(), direct.close()]);
  });

  it("makes the batches of the next steps while a step blocks this thread", async () => {
    const [batch, ahead] = [16, 2];
    const path = await manyPictures(batch * 4);
    const order = (k: number): number[] => Array.from({ length: batch }, (_, i) => k * batch + i);
    const data = await openDatasetInThread(path, { size: 32 });
    const read = lookAhead(data, order, ahead);
    await read(0);
    // This thread sleeps, as in a step, until the other says that it has the next two batches.
    for (let done = batch; done < (1 + ahead) * batch; done = Atomics.load(data.finished, 0)) {
      expect(Atomics.wait(data.finished, 0, done, 30_000)).not.toBe("timed-out");
    }
    const direct = await openDataset(path, { size: 32 });
    expect(await read(1)).toEqual(await direct.pictures(order(1)));
    await data.close();
  });

  it("serves the pictures of a training run", async () => {
    const path = join(work.root, "tiny");
    await writeTinyPictures(path);
    const data = await openTeacherData(teacherSchema.parse(tinyTeacherDocument(path, 1)));
    expect(data).toHaveProperty("finished");
    await data.close();
  });
});

describe("errors from the thread", () => {
  it("are those of the set itself: damaged pictures", async () => {
    const path = await work.folder({ "a.png": await png(1), "b.png": "no picture" });
    const [direct, told] = await thrownBy(path, 1);
    const { message, remedy } = direct as FollowspotError;
    expect(remedy).toBeTruthy();
    expect(told).toBeInstanceOf(FollowspotError);
    expect(told).toMatchObject({ message, remedy });
    expect((told as FollowspotError).cause).toBeInstanceOf(FollowspotError);
    const data = await openDatasetInThread(path);
    await expect(data.pictures([1, 0])).rejects.toThrow("b.png");
    // The thread goes on.
    expect(await data.pictures([0])).toEqual(await (await openDataset(path)).pictures([0]));
    await data.close();
  });

  it("are those of the set itself: sets that cannot be opened, indices that it lacks", async () => {
    const paths = [join(work.root, "absent"), await work.folder({}), await work.write("x", "x")];
    for (const path of paths) {
      const [direct, told] = await thrownBy(path);
      expect(told).toBeInstanceOf(FollowspotError);
      const { message, remedy } = direct as FollowspotError;
      expect(told).toMatchObject({ message, remedy });
    }
    const [direct, told] = await thrownBy(await work.folder(await classFiles()), 3);
    expect(told).toBeInstanceOf(RangeError);
    expect((told as Error).message).toBe((direct as Error).message);
  });

  it("keep class, remedy, causes and the system's codes when they are cloned", () => {
    const refused = Object.assign(new Error("EIO: read"), {
      code: "EIO",
      syscall: "read",
      run() {},
    });
    const cause = new FollowspotError("file: broken.", { cause: refused });
    const error = new FollowspotError("set: expected a, got b.", { remedy: "Do c.", cause });
    const told = errorOf(structuredClone(tellError(error))) as FollowspotError;
    expect(told).toBeInstanceOf(FollowspotError);
    expect(told).toMatchObject({ message: "set: expected a, got b. Do c.", remedy: "Do c." });
    expect(told.stack).toBe(error.stack);
    expect(told.cause).toBeInstanceOf(FollowspotError);
    expect(told.cause).toMatchObject({ message: "file: broken.", remedy: undefined });
    const first = (told.cause as FollowspotError).cause;
    expect(first).toMatchObject({ message: "EIO: read", code: "EIO", syscall: "read" });
    expect(errorOf(structuredClone(tellError("words")))).toBe("words");
  });
});

describe("the end of a set in a thread", () => {
  it("comes by a signal while it is opened, with the signal's reason", async () => {
    const path = await manyPictures(20);
    const reason = new Error("enough");
    await expect(openDatasetInThread(path, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const stop = new AbortController();
    const opening = openDatasetInThread(path, { signal: stop.signal });
    stop.abort(reason);
    await expect(opening).rejects.toBe(reason);
    // Once it is open, a run that stops may still take its last step.
    const later = new AbortController();
    const data = await openDatasetInThread(path, { signal: later.signal });
    later.abort();
    expect((await data.pictures([0])).pixels).toEqual(await pixelsOf(path, 0));
    await data.close();
  });

  it("comes by closing it: who waits is told", async () => {
    const path = await manyPictures(4);
    const data = await openDatasetInThread(path, { cacheBytes: 0 });
    const many = Array.from({ length: 2000 }, (_, i) => i % 4);
    const ends = Promise.allSettled([data.pictures(many), data.pictures([0])]);
    await data.close();
    for (const end of await ends) {
      expect(end).toMatchObject({ status: "rejected" });
      expect(String((end as PromiseRejectedResult).reason)).toContain("expected an open one");
    }
    expect(Atomics.load(data.finished, 0)).toBe(0);
    await expect(data.pictures([0])).rejects.toThrow("expected an open one");
    await data.close();
  });

  const script = fileURLToPath(new URL("dataset-thread-script.ts", import.meta.url));
  const leave = async (way: string): Promise<{ stdout: string; stderr: string }> => {
    const args = ["--import", "tsx", script, await manyPictures(8), way];
    return promisify(execFile)(process.execPath, args, { timeout: 50_000 });
  };

  it("is not needed for a process to end", async () => {
    expect(await leave("forget")).toEqual({ stdout: "end of script\n", stderr: "" });
  });

  it("leaves a process that can end: closed in a batch", async () => {
    const said = "data set: expected an open one, got one that was closed\nend of script\n";
    expect(await leave("close in a batch")).toEqual({ stdout: said, stderr: "" });
  });

  it("leaves a process its own exit code in the middle of a batch", async () => {
    await expect(leave("exit in a batch")).rejects.toMatchObject({ code: 3, stderr: "" });
  });
});

async function pixelsOf(path: string, index: number): Promise<Uint8Array> {
  const data = await openDataset(path);
  return (await data.pictures([index])).pixels;
}
