import type * as Files from "node:fs/promises";
import { mkdtemp, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { floats } from "../core/tensor.js";
import type { Session } from "../engine/runtime/session.js";
import type * as Atomic from "../io/atomic.js";
import { checkpointsIn, loadLatestCheckpoint } from "./checkpoint.js";
import { spared } from "./loop-failures.js";
import { runLoop } from "./loop.js";
import type { LoopOptions } from "./loop.js";
import { Trainer, initialState } from "./trainer.js";

const disk = vi.hoisted(() => ({ full: (_path: string): boolean => false, isBlind: false }));

vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof Files>();
  const refused = Object.assign(new Error("readdir"), { code: "EACCES" });
  const read = real.readdir as (path: string) => Promise<string[]>;
  const readdir = (path: string) => (disk.isBlind ? Promise.reject(refused) : read(path));
  return { ...real, readdir };
});

/** Gives one piece, then fails as the system does when the disk is full. */
function* fullDisk(): Generator<Uint8Array> {
  yield Buffer.from("half");
  throw Object.assign(new Error("write"), { code: "ENOSPC" });
}

vi.mock("../io/atomic.js", async (original) => {
  const real = await original<typeof Atomic>();
  const writeFileAtomic: typeof real.writeFileAtomic = (path, content, options) =>
    real.writeFileAtomic(path, disk.full(path) ? fullDisk() : content, options);
  return { ...real, writeFileAtomic };
});

/** A step that adds one to every vector. */
const session = {
  run: (feeds: Record<string, { data: Float32Array }>, results: typeof feeds) => {
    for (const [name, { data }] of Object.entries(results)) {
      data.set(feeds[name.replace("next.", "")]!.data.map((value) => value + 1));
    }
    return Promise.resolve({ ...results, loss: floats([], [0.5]) });
  },
} as unknown as Session;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-failures-"));
});

afterEach(async () => {
  disk.full = () => false;
  disk.isBlind = false;
  await rm(folder, { recursive: true, force: true });
});

const newTrainer = () =>
  new Trainer(session, initialState(Float32Array.of(1, 2)), { learningRate: () => 0.1 });

async function loop(options: Partial<LoopOptions> = {}) {
  const warnings: string[] = [];
  const run = runLoop({
    ...{ trainer: newTrainer(), steps: 4, batchSize: 1, batchOf: () => Promise.resolve({}) },
    ...{ folder, digest: "d", saveSeconds: 0, reportEvery: 1 },
    onWarning: (warning) => void warnings.push(warning),
    ...options,
  });
  return { warnings, done: await run.catch((error: unknown) => error as Error) };
}

const kept = async () => (await checkpointsIn(folder)).map(({ completed }) => completed);
const isCheckpoint = (path: string) => path.includes("checkpoint-");

describe("statistics that cannot be written", () => {
  it("are told of once, and the run goes on", async () => {
    // A folder is where the file should be: the system refuses every line.
    await mkdir(join(folder, "stats.jsonl"));
    const { warnings, done } = await loop();
    expect(done).toBe(true);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^warning: statistics: write: .*stats.jsonl: it is a folder\. Training goes on; this is told once\.$/,
    );
    expect(await kept()).toEqual([3, 4]);
  });
});

describe("a checkpoint that cannot be written", () => {
  it("is told of and tried again, and the one before stays whole", async () => {
    const seen: number[][] = [];
    const onStep = async (k: number) => {
      disk.full = k === 2 || k === 3 ? isCheckpoint : () => false;
      seen.push(await kept());
    };
    const { warnings, done } = await loop({ onStep });
    expect(done).toBe(true);
    expect(seen).toEqual([[], [1], [1], [1]]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toMatch(
      /^warning: no checkpoint of step 2: write: .*: the disk is full. The newest is checkpoint-00000001.safetensors, which is whole. It is tried again. Free some space/,
    );
    expect(await kept()).toEqual([1, 4]);
    expect((await loadLatestCheckpoint(folder, "d", 2))!.state.parameters.data[0]).toBe(5);
  });

  it("is told of in a folder whose names cannot be read either", async () => {
    const onStep = (k: number) => {
      disk.isBlind = k === 2 || k === 3;
      disk.full = k === 2 ? isCheckpoint : () => false;
    };
    const { warnings, done } = await loop({ onStep });
    expect(done).toBe(true);
    expect(warnings).toEqual([
      expect.stringMatching(/^warning: no checkpoint of step 2: write: .*: the disk is full/),
    ]);
    expect(await kept()).toEqual([3, 4]);
  });

  it("ends the run when it is the last, with what is kept", async () => {
    const onStep = (k: number) => void (disk.full = k === 1 ? () => false : isCheckpoint);
    const { done } = await loop({ onStep });
    expect(String(done)).toMatch(
      /train: expected to keep step 4, got: write: .*: the disk is full. The newest is checkpoint-00000001.safetensors, which is whole. Free some space.* Then go on with --resume.$/,
    );
    expect((await loadLatestCheckpoint(folder, "d", 2))!.completed).toBe(1);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("is an error of its own where the run was interrupted", async () => {
    disk.full = isCheckpoint;
    const controller = new AbortController();
    const onStep = () => {
      controller.abort();
      controller.signal.throwIfAborted();
    };
    const { warnings, done } = await loop({ onStep, signal: controller.signal });
    expect(String(done)).toMatch(/expected to keep step 1, got: .*disk is full. There is none/);
    expect(warnings).toEqual([]);
  });

  it("does not hide why the run stopped", async () => {
    disk.full = isCheckpoint;
    const onStep = () => Promise.reject(new Error("mine"));
    const { warnings, done } = await loop({ onStep });
    expect(String(done)).toBe("Error: mine");
    expect(warnings).toEqual([expect.stringMatching(/expected to keep step 1.*disk is full/)]);
  });
});

describe("spared", () => {
  it("tells of the first failure, in the system's word or the error's own", async () => {
    const warnings: string[] = [];
    const sheet = spared("sample sheet", (warning) => void warnings.push(warning));
    const missing = join(folder, "none", "a");
    await sheet(async () => void (await readFile(missing)));
    await sheet(() => Promise.reject(new Error("again")));
    expect(warnings).toEqual([
      `warning: sample sheet: write: ${missing}: no such file or folder. Training goes on; this is told once.`,
    ]);
  });

  it("takes an abort for none", async () => {
    const signal = AbortSignal.abort("stop");
    const sheet = spared("sample sheet", () => undefined, signal);
    await expect(sheet(() => signal.throwIfAborted())).rejects.toBe("stop");
  });
});
