import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimRun, createRun, findRun, readRun, writeRun } from "./folder.js";

let root: string;

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "followspot-runs-")), "runs");
});

afterEach(() => rm(root, { recursive: true, force: true }));

const facts = { name: "stage", followspot: "0.1.0", threads: 2, digests: ["d"] };

describe("createRun", () => {
  it("numbers runs on, whatever else lies there", async () => {
    expect(await createRun(root, "stage")).toBe(join(root, "00001-stage"));
    await mkdir(join(root, "00041-other"));
    await mkdir(join(root, "notes"));
    expect(await createRun(root, "stage")).toBe(join(root, "00042-stage"));
  });

  it("gives no folder twice", async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => createRun(root, "stage")));
    expect(new Set(made).size).toBe(8);
    expect((await readdir(root)).length).toBe(8);
  });
});

describe("claimRun", () => {
  it("takes a new or an empty folder and no other", async () => {
    const folder = join(root, "here");
    expect(await claimRun(folder)).toBe(folder);
    expect(await claimRun(folder)).toBe(folder);
    await writeFile(join(folder, "file"), "");
    await expect(claimRun(folder)).rejects.toThrow(/one in use.*--resume/);
  });
});

describe("findRun", () => {
  it("finds the newest of a name, or a folder", async () => {
    for (const name of ["stage", "stage", "other"]) {
      await writeRun(await createRun(root, name), facts, {});
    }
    expect(await findRun("latest", root, "stage")).toEqual({
      folder: join(root, "00002-stage"),
      passedOver: [],
    });
    expect((await findRun("latest", root)).folder).toBe(join(root, "00003-other"));
    const folder = join(root, "00001-stage");
    expect(await findRun(folder, root, "stage")).toEqual({ folder, passedOver: [] });
  });

  it("passes over runs that were killed at their birth, and says which", async () => {
    await writeRun(await createRun(root, "stage"), facts, {});
    const empty = await createRun(root, "stage");
    const half = await createRun(root, "stage");
    await writeFile(join(half, "run.json"), "{}");
    expect(await findRun("latest", root, "stage")).toEqual({
      folder: join(root, "00001-stage"),
      passedOver: [empty, half],
    });
    await expect(readRun(half)).rejects.toThrow(/with run.json and config.json, got another/);
    await rm(join(root, "00001-stage"), { recursive: true });
    await expect(findRun("latest", root, "stage")).rejects.toThrow(
      /a run of stage, got none with run.json and config.json. Runs under .*: 00002-stage, 00003/,
    );
  });

  it("lists the runs when there is none of that name", async () => {
    await expect(findRun("latest", root, "stage")).rejects.toThrow(
      /a run of stage, got none.*none\./,
    );
    await createRun(root, "other");
    await expect(findRun("latest", root, "stage")).rejects.toThrow(/00001-other/);
    await expect(findRun(join(root, "x"), root, "stage")).rejects.toThrow(/the folder of a run/);
  });
});

describe("what a run is", () => {
  it("is written and read", async () => {
    const folder = await createRun(root, "stage");
    await writeRun(folder, facts, { kind: "x" });
    expect(await readRun(folder)).toEqual({ facts, config: { kind: "x" } });
  });

  it("is missed when the folder is not that of a run", async () => {
    const folder = await createRun(root, "stage");
    await expect(readRun(folder)).rejects.toThrow(
      /expected the folder of a run, with run.json and/,
    );
  });
});
