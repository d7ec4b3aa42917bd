import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockRun } from "./lock.js";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-lock-"));
  path = join(folder, "train.lock");
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("lockRun", () => {
  it("bears this process's number, keeps others out, and is gone when released", async () => {
    const release = await lockRun(folder);
    expect(await readFile(path, "utf8")).toBe(`${process.pid}\n`);
    await expect(lockRun(folder)).rejects.toThrow(`got one that process ${process.pid} trains`);
    await release();
    expect(await readdir(folder)).toEqual([]);
    await (
      await lockRun(folder)
    )();
  });

  it("is refused while the process that it names lives, and says what to do", async () => {
    await writeFile(path, `${process.ppid}\n`);
    await expect(lockRun(folder)).rejects.toThrow(
      `train: ${folder}: expected a run that nobody trains, got one that process ${process.ppid} trains. ` +
        `Wait for it or stop it; if that process is another program, delete ${path}.`,
    );
    expect(await readdir(folder)).toEqual(["train.lock"]);
  });

  // 2 ** 22 is the most that Linux counts to.
  it.each([
    ["of a process that is gone", String(2 ** 22 + 1)],
    ["of a killed process whose number is ours now", String(process.pid)],
    ["without a number", ""],
  ])("takes over a lock %s", async (_, content) => {
    await writeFile(path, content);
    const release = await lockRun(folder);
    expect(await readFile(path, "utf8")).toBe(`${process.pid}\n`);
    await release();
    expect(await readdir(folder)).toEqual([]);
  });

  it("says why there can be none", async () => {
    await expect(lockRun(join(folder, "none"))).rejects.toThrow(/lock: .*no such file or folder/);
  });
});
