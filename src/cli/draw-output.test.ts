import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseFiles, imageFiles } from "./draw-output.js";

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

describe("imageFiles", () => {
  it("gives every image a name of its own, where its word has no letters too", () => {
    const words = ["cube", "🐱", "🐶", "🐱 cat", "🐶 cat"];
    const images = words.map((word) => ({ role: "heatmap" as const, word }));
    const files = imageFiles("scene.png", [{ role: "picture" }, { role: "compare" }, ...images]);
    expect(files).toEqual([
      ...["scene.png", "scene.compare.png", "scene.heatmap-cube.png"],
      ...["scene.heatmap-picture.png", "scene.heatmap-picture-2.png"],
      ...["scene.heatmap-cat.png", "scene.heatmap-cat-2.png"],
    ]);
  });

  it.each(["猫", "a", "𠀋"])(
    "keeps to the length of names with long texts of %s",
    async (letter) => {
      const text = letter.repeat(200);
      const [file] = await chooseFiles({
        output: `${base}/`,
        prompt: text,
        seeds: [2n ** 64n - 1n],
      });
      const images = ["x", "y"].map((end) => ({ role: "heatmap" as const, word: text + end }));
      for (const path of imageFiles(file!, images)) {
        expect(Buffer.byteLength(basename(path))).toBeLessThanOrEqual(255);
        expect(basename(path)).not.toMatch(/\p{Cs}/u);
        await writeFile(path, "");
      }
    },
  );
});
