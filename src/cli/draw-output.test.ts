import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseFiles } from "./draw-output.js";

let base: string;
const choose = (output: string, seeds = [7n]) =>
  chooseFiles({ output, prompt: "a red cube", seeds });

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-output-"));
});
afterEach(() => rm(base, { recursive: true, force: true }));

describe("chooseFiles", () => {
  it("takes a file's name, a number for each seed, or a new name in a folder", async () => {
    const file = join(base, "new", "scene.png");
    expect(await choose(file)).toEqual([file]);
    expect(await choose(file, [1n, 2n])).toEqual([
      join(base, "new", "scene-1.png"),
      join(base, "new", "scene-2.png"),
    ]);
    await writeFile(join(base, "a-red-cube-7.png"), "");
    expect(await choose(base)).toEqual([join(base, "a-red-cube-7-2.png")]);
    expect(await choose(`${join(base, "none")}/`)).toEqual([
      join(base, "none", "a-red-cube-7.png"),
    ]);
  });

  it("refuses a file where a folder belongs, in the name of a folder too", async () => {
    const file = join(base, "file");
    await writeFile(file, "");
    await expect(choose(`${file}/`)).rejects.toThrow(/--output: expected a folder, got ".*file/);
    await expect(choose(join(file, "scene.png"))).rejects.toThrow(/expected a folder/);
  });

  // The administrator may write everywhere.
  it.skipIf(process.getuid?.() === 0)("refuses a folder that cannot be written", async () => {
    const closed = join(base, "closed");
    await mkdir(closed);
    await chmod(closed, 0o500);
    await expect(choose(join(closed, "scene.png"))).rejects.toThrow(/permission denied/);
    await expect(choose(closed)).rejects.toThrow(/permission denied/);
  });
});
