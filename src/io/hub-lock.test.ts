import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withLock } from "./hub-lock.js";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-lock-"));
  path = join(folder, "locks", "blob");
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

/** As after a machine's sleep. */
function sleep(milliseconds: number): void {
  const then = Date.now() + milliseconds;
  vi.spyOn(Date, "now").mockReturnValue(then);
}

describe("a lock", () => {
  it("is gone when the work is done, also when that failed", async () => {
    expect(await withLock(path, undefined, async () => 7)).toBe(7);
    await expect(readFile(path)).rejects.toThrow(/ENOENT/);
    const fail = () => Promise.reject(new Error("no"));
    await expect(withLock(path, undefined, fail)).rejects.toThrow("no");
    await expect(readFile(path)).rejects.toThrow(/ENOENT/);
  });

  it("that another process took over while this one stood still is not this one's any more", async () => {
    const work = withLock(path, undefined, async (held) => {
      await held();
      await writeFile(path, "another's");
      sleep(60_000);
      await held();
    });
    await expect(work).rejects.toThrow(/expected this process's lock, got that of another/);
    expect(await readFile(path, "utf8")).toBe("another's");
  });

  it("that nobody took meanwhile is kept", async () => {
    await withLock(path, undefined, async (held) => {
      sleep(60_000);
      await held();
    });
    await expect(readFile(path)).rejects.toThrow(/ENOENT/);
  });
});
