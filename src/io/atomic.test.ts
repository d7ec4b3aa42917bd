import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { writeFileAtomic } from "./atomic.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "followspot-atomic-"));
});

afterEach(() => rm(folder, { recursive: true }));

/** Gives one piece, then fails as the system does when the disk is full. */
function* fullDisk(): Generator<Uint8Array> {
  yield Buffer.from("half");
  throw Object.assign(new Error("write"), { code: "ENOSPC" });
}

describe("writeFileAtomic", () => {
  it("writes text, bytes and pieces", async () => {
    await writeFileAtomic(join(folder, "text"), "é");
    await writeFileAtomic(join(folder, "bytes"), Uint8Array.of(1, 2));
    await writeFileAtomic(join(folder, "pieces"), [Uint8Array.of(1), Uint8Array.of(2, 3)]);
    expect(await readFile(join(folder, "text"), "utf8")).toBe("é");
    expect([...(await readFile(join(folder, "bytes")))]).toEqual([1, 2]);
    expect([...(await readFile(join(folder, "pieces")))]).toEqual([1, 2, 3]);
    expect(await readdir(folder)).toHaveLength(3);
  });

  it.each([true, false])("replaces a file (durable: %s)", async (durable) => {
    const path = join(folder, "a");
    await writeFile(path, "a longer old text");
    await writeFileAtomic(path, "new", { durable });
    expect(await readFile(path, "utf8")).toBe("new");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("keeps the old file and nothing else when the disk is full", async () => {
    const path = join(folder, "a");
    await writeFile(path, "old");
    const failure = writeFileAtomic(path, fullDisk());
    await expect(failure).rejects.toThrow(FollowspotError);
    await expect(failure).rejects.toThrow(`write: ${path}: the disk is full. Free some space`);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toEqual(["a"]);
  });

  it("passes on an error that is not the system's", async () => {
    const broken = function* (): Generator<Uint8Array> {
      yield Uint8Array.of(1);
      throw new RangeError("mine");
    };
    await expect(writeFileAtomic(join(folder, "a"), broken())).rejects.toThrow(RangeError);
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes a name as long as the system allows", async () => {
    const name = "n".repeat(255);
    await writeFileAtomic(join(folder, name), "x");
    expect(await readdir(folder)).toEqual([name]);
  });

  it("refuses a missing folder, a folder and a device", async () => {
    await mkdir(join(folder, "sub"));
    await symlink("/dev/null", join(folder, "null"));
    await expect(writeFileAtomic(join(folder, "no/a"), "x")).rejects.toThrow("no such file");
    await expect(writeFileAtomic(join(folder, "sub"), "x")).rejects.toThrow("got a folder");
    await expect(writeFileAtomic(join(folder, "null"), "x")).rejects.toThrow("got a device");
    await expect(writeFileAtomic(join(folder, "no/a"), "x")).rejects.toThrow(FollowspotError);
  });
});
