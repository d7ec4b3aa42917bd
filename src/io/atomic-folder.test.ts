import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isVacant, writeFolderAtomic } from "./atomic-folder.js";

let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-folder-"));
});

afterEach(() => rm(base, { recursive: true, force: true }));

const fill = (text: string) => async (folder: string) => {
  await mkdir(join(folder, "part"));
  await writeFile(join(folder, "part", "file"), text);
};

const fillIn = async (name: string, text: string) => {
  await mkdir(join(base, name));
  await fill(text)(join(base, name));
};

const textIn = (folder: string) => readFile(join(folder, "part", "file"), "utf8");

describe("writeFolderAtomic", () => {
  it("makes a folder, and replaces one that is there, whole", async () => {
    const folder = join(base, "model");
    await writeFolderAtomic(folder, fill("one"));
    await writeFile(join(folder, "old"), "");
    await writeFolderAtomic(folder, fill("two"));
    expect(await textIn(folder)).toBe("two");
    expect(await readdir(folder)).toEqual(["part"]);
    expect(await readdir(base)).toEqual(["model"]);
  });

  it("shows nothing of a folder before it is whole", async () => {
    const folder = join(base, "model");
    await writeFolderAtomic(folder, async (temporary) => {
      await fill("one")(temporary);
      expect(await isVacant(folder)).toBe(true);
    });
  });

  it("leaves all as it was when the filling fails", async () => {
    const folder = join(base, "model");
    await writeFolderAtomic(folder, fill("one"));
    const failing = async (temporary: string) => {
      await fill("half")(temporary);
      throw new Error("the disk is gone");
    };
    await expect(writeFolderAtomic(folder, failing)).rejects.toThrow("the disk is gone");
    expect(await textIn(folder)).toBe("one");
    expect(await readdir(base)).toEqual(["model"]);
  });

  it("removes what a killed writer of the same folder left beside it, and nothing else", async () => {
    const folder = join(base, "model");
    await fillIn(".model.0123456789ab.tmp", "half");
    await fillIn(".models.0123456789ab.tmp", "another's");
    await fillIn(".model.notes.tmp", "a person's");
    await writeFolderAtomic(folder, fill("whole"));
    const names = (await readdir(base)).sort();
    expect(names).toEqual([".model.notes.tmp", ".models.0123456789ab.tmp", "model"]);
  });

  it("names the folder when the system refuses", async () => {
    const folder = join(base, "missing", "model");
    await expect(writeFolderAtomic(folder, fill("x"))).rejects.toThrow(
      /^write: .*missing.*model: /,
    );
  });
});

describe("isVacant", () => {
  it("is true of nothing and of an empty folder", async () => {
    expect(await isVacant(join(base, "none"))).toBe(true);
    expect(await isVacant(base)).toBe(true);
    await writeFile(join(base, "file"), "");
    expect(await isVacant(base)).toBe(false);
  });

  it("refuses what is no folder", async () => {
    await writeFile(join(base, "file"), "");
    await expect(isVacant(join(base, "file"))).rejects.toThrow(/^folder: .*file: /);
  });
});
