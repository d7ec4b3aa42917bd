import { mkdtemp, open, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import { openSafetensors, writeSafetensors } from "../io/safetensors.js";
import {
  checkpointsIn,
  loadLatestCheckpoint,
  removeUnfinished,
  saveCheckpoint,
} from "./checkpoint.js";
import { STATE_NAMES } from "./step.js";
import type { TrainingState } from "./trainer.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-checkpoint-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const SIZE = 5;

const stateOf = (base: number): TrainingState =>
  Object.fromEntries(
    STATE_NAMES.map((name, i) => [name, floats([SIZE], [base, i, -0, 1e-40, 3.4e38])]),
  ) as TrainingState;

const save = (completed: number) =>
  saveCheckpoint(folder, { state: stateOf(completed), completed }, "digest");

const load = (digests: string | string[] = "digest", size = SIZE) =>
  loadLatestCheckpoint(folder, digests, size);

describe("a checkpoint", () => {
  it("comes back bit for bit", async () => {
    await save(7);
    const { state, completed } = (await load())!;
    expect(completed).toBe(7);
    for (const name of STATE_NAMES) {
      expect(new Uint8Array(state[name].data.buffer)).toEqual(
        new Uint8Array(stateOf(7)[name].data.buffer),
      );
    }
  });

  it("is the newest, of which two are kept", async () => {
    for (const step of [9, 10, 100]) await save(step);
    expect((await checkpointsIn(folder)).map(({ completed }) => completed)).toEqual([10, 100]);
    expect((await load())!.completed).toBe(100);
  });

  it("is undefined where there is none", async () => {
    expect(await load()).toBeUndefined();
    expect(await loadLatestCheckpoint(join(folder, "none"), "digest", SIZE)).toBeUndefined();
  });

  it("is not taken for absent where its folder cannot be read", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    const message = /^read: .*file: a part of the path is not a folder/;
    await expect(loadLatestCheckpoint(file, "digest", SIZE)).rejects.toThrow(message);
    await expect(removeUnfinished(file)).rejects.toThrow(message);
  });

  it("is refused when it belongs to another configuration", async () => {
    await save(3);
    await expect(load("other")).rejects.toThrow(/00000003.* belongs to another configuration/);
    expect((await load(["other", "digest"]))!.completed).toBe(3);
  });

  it("is not written of a state that is not finite", async () => {
    await save(1);
    const state = stateOf(2);
    state.average.data[3] = -Infinity;
    await expect(saveCheckpoint(folder, { state, completed: 2 }, "digest")).rejects.toThrow(
      /expected finite values, got average: value 3 = -Infinity after step 2/,
    );
    expect((await checkpointsIn(folder)).map(({ completed }) => completed)).toEqual([1]);
  });

  it("is read without checksums, as files of before have none", async () => {
    const metadata = { completed: "4", config: "digest" };
    await writeSafetensors(join(folder, "checkpoint-00000004.safetensors"), stateOf(4), metadata);
    expect((await load())!.completed).toBe(4);
  });
});

describe("a damaged checkpoint", () => {
  const damaged =
    /checkpoint-00000002.safetensors is damaged: .*Delete it to go on from checkpoint-00000001/;

  beforeEach(async () => {
    await save(1);
    await save(2);
  });

  const newest = () => join(folder, "checkpoint-00000002.safetensors");

  it("is refused when it is truncated", async () => {
    await truncate(newest(), 200);
    await expect(load()).rejects.toThrow(damaged);
  });

  it("has a remedy that fits, with another checkpoint and without", async () => {
    await truncate(newest(), 200);
    await expect(load()).rejects.not.toThrow(/Download/);
    await rm(join(folder, "checkpoint-00000001.safetensors"));
    await expect(load()).rejects.toThrow(
      /\. There is no other: delete it to begin at the first step again, or start a new run\.$/,
    );
    await expect(load()).rejects.not.toThrow(/Download/);
  });

  it("is refused when it holds what is not finite, as was once written", async () => {
    const state = stateOf(2);
    state.parameters.data[0] = NaN;
    await writeSafetensors(newest(), state, { completed: "2", config: "digest" });
    await expect(load()).rejects.toThrow(/damaged: parameters: expected finite values.*Delete it/);
  });

  it("is refused when it is empty", async () => {
    await writeFile(newest(), "");
    await expect(load()).rejects.toThrow(damaged);
  });

  it("is refused when one bit of a vector is another", async () => {
    const { offset } = (await openSafetensors(newest())).tensors.get("secondMoment")!;
    const file = await open(newest(), "r+");
    await file.write(Uint8Array.of(1), 0, 1, offset + 4);
    await file.close();
    await expect(load()).rejects.toThrow(/damaged: secondMoment: expected the checksum/);
  });

  it("is refused when it is of another step than its name says", async () => {
    await rename(join(folder, "checkpoint-00000001.safetensors"), newest());
    await expect(load()).rejects.toThrow(
      /damaged: expected a checkpoint of step 2, got one of step 1/,
    );
  });

  it("is refused when its vectors are of another length", async () => {
    await expect(load("digest", SIZE + 1)).rejects.toThrow(/expected 6 values of float32, got 5/);
  });

  it("is left as it is", async () => {
    await truncate(newest(), 200);
    await expect(load()).rejects.toThrow();
    expect((await checkpointsIn(folder)).map(({ completed }) => completed)).toEqual([1, 2]);
  });
});

describe("removeUnfinished", () => {
  it("removes half-written checkpoints and nothing else", async () => {
    await save(1);
    const half = ".checkpoint-00000002.safetensors.0123456789ab.tmp";
    await writeFile(join(folder, half), "half");
    await writeFile(join(folder, ".other.tmp"), "");
    await removeUnfinished(folder);
    expect((await readdir(folder)).sort()).toEqual([
      ".other.tmp",
      "checkpoint-00000001.safetensors",
    ]);
  });
});
