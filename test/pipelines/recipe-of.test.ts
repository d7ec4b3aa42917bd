// The recipe of a library's picture: written into its PNG it is drawn again by the command line, byte for byte.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveDraw } from "../../src/cli/draw-resolve.js";
import { encodePng, loadPipeline, parseRecipe, pngTexts, readRecipeFile } from "../../src/index.js";
import type { DrawOptions, FolderPipeline } from "../../src/index.js";
import { describeModel, drawPictures } from "../../src/pipelines/draw.js";
import { encodeRecipe } from "../../src/pipelines/recipe.js";
import { tinyPipeline } from "./tiny-pipeline.js";

const OPTIONS: DrawOptions = {
  prompt: "A red cube  and a blue sphere",
  negative: "snow",
  boxes: [
    { words: "red cube", box: [0, 0, 0.5, 0.5] },
    { words: "blue sphere", box: [0.5, 0.5, 1, 1], strength: 2, until: 0.7 },
  ],
  method: { name: "direct", gain: 0.4 },
  steps: 3,
  seed: 7n,
};
const QUIET = { start: () => {}, step: () => {}, note: () => {}, finish: () => {} };

let model: Awaited<ReturnType<typeof tinyPipeline>>;
let folder: string;
let pipe: FolderPipeline;
beforeAll(async () => {
  model = await tinyPipeline();
  folder = mkdtempSync(join(tmpdir(), "followspot-recipe-"));
  pipe = await loadPipeline(model.folder, { threads: 1 });
});
afterAll(async () => {
  await pipe.close();
  model.remove();
  rmSync(folder, { recursive: true });
});

/** What `followspot draw --from FILE` draws. */
async function drawnFrom(path: string): Promise<{ png: Uint8Array; warnings: readonly string[] }> {
  const [sketch, facts] = [await readRecipeFile(path), await describeModel(model.folder)];
  const { request, warnings } = resolveDraw({ flags: {}, sketch, facts, randomSeed: () => 0n });
  for await (const { images } of drawPictures(request, QUIET, new AbortController().signal)) {
    return { png: images[0]!.png, warnings };
  }
  throw new Error("expected a picture");
}

describe("the recipe of a call", () => {
  it("is whole, and in the PNG of its picture makes the same file again", async () => {
    const recipe = await pipe.recipeOf(OPTIONS);
    expect(parseRecipe(encodeRecipe(recipe))).toEqual(recipe);
    const [drawn] = await pipe.pictures(OPTIONS);
    const { data, width, height } = drawn!.picture;
    const png = await encodePng(data, width, height, pngTexts(recipe));
    const path = join(folder, "drawn.png");
    writeFileSync(path, png);
    expect(await readRecipeFile(path)).toEqual(recipe);
    const again = await drawnFrom(path);
    expect(again.warnings).toEqual([]);
    expect(Buffer.from(again.png)).toEqual(Buffer.from(png));
  });

  it("has every default of the model and the method filled in", async () => {
    const recipe = await pipe.recipeOf({ ...OPTIONS, steps: undefined, method: "direct" } as never);
    const { digest } = await describeModel(model.folder);
    expect(recipe).toMatchObject({
      ...{ steps: 25, cfg: 7.5, sampler: "ddim", size: [32, 32], seed: 7n },
      method: { name: "direct", trailing: 15, gain: 0.15 },
      model: { name: model.folder, digest },
      backend: { provider: "cpu", threads: 1 },
    });
    expect(recipe.boxes.map(({ strength, until }) => [strength, until])).toEqual([
      [1, 0.3],
      [2, 0.7],
    ]);
  });

  it("is that of the first of several seeds, which have no sign in it", async () => {
    const { seed } = await pipe.recipeOf({ prompt: "a", seeds: [-1n, 8n] });
    expect(seed).toBe(2n ** 64n - 1n);
  });

  it("is refused as the call is", async () => {
    await expect(pipe.recipeOf({ ...OPTIONS, steps: 0 })).rejects.toThrow(/steps: expected/);
  });
});
