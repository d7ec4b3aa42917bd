// Drawing as the command line asks for it: files in memory with their recipe, plans, facts, and a clean stop.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeImage } from "../../src/io/image.js";
import { readPngText } from "../../src/io/png-text.js";
import { describeModel, drawPictures, planPictures } from "../../src/pipelines/draw.js";
import type { DrawnPicture, DrawRequest, Reporter } from "../../src/pipelines/draw-request.js";
import { recipeFromBytes } from "../../src/pipelines/recipe-file.js";
import { defaultMethod } from "../../src/pipelines/recipe-methods.js";
import { parseRecipe } from "../../src/pipelines/recipe.js";
import type { Recipe } from "../../src/pipelines/recipe.js";
import { readPipelineFolder } from "../../src/pipelines/text-to-image-folder.js";
import { makeOrder } from "../../src/pipelines/text-to-image-order.js";
import { tinyPipeline } from "./tiny-pipeline.js";

let model: Awaited<ReturnType<typeof tinyPipeline>>;
let base: Recipe;

beforeAll(async () => {
  model = await tinyPipeline();
  const facts = await describeModel(model.folder);
  base = {
    version: 1,
    prompt: "a red cube and a blue sphere",
    negative: "",
    boxes: [{ words: "red cube", box: [0, 0, 0.5, 0.5], strength: 1, until: 0.3 }],
    model: { name: facts.name, digest: facts.digest },
    method: defaultMethod("direct"),
    sampler: "ddim",
    steps: 3,
    cfg: 3,
    seed: 7n,
    size: [32, 32],
    backend: { provider: "cpu", threads: 1 },
    versions: { ...facts.versions },
  };
});
afterAll(() => model.remove());

const requestOf = (
  change: Partial<DrawRequest> = {},
  recipe: Partial<Recipe> = {},
): DrawRequest => {
  const whole = { ...base, ...recipe };
  const plain = { compare: false, overlay: false, heatmaps: [] };
  return { recipe: whole, seeds: [whole.seed], ...plain, ...change };
};

function recorder() {
  const told: string[] = [];
  const reporter: Reporter = {
    start: (total, label) => told.push(`start ${total} ${label}`),
    step: (done) => told.push(`step ${done}`),
    note: (line) => told.push(line),
    finish: () => told.push("finish"),
  };
  return { told, reporter };
}

async function draw(request: DrawRequest, signal = new AbortController().signal) {
  const { told, reporter } = recorder();
  const pictures: DrawnPicture[] = [];
  for await (const picture of drawPictures(request, reporter, signal)) pictures.push(picture);
  return { pictures, told };
}

describe("describeModel", () => {
  it("tells size, cell, defaults and a digest of the content, whatever the folder is called", async () => {
    const facts = await describeModel(model.folder);
    expect(facts).toMatchObject({ size: [32, 32], sizeMultiple: 4, cell: 8 });
    expect(facts.defaults).toEqual({ sampler: "ddim", steps: 25, cfg: 7.5, methods: {} });
    expect(facts.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const copy = await tinyPipeline();
    const other = await tinyPipeline({ scheduler: { beta_end: 0.013 } });
    expect((await describeModel(copy.folder)).digest).toBe(facts.digest);
    expect((await describeModel(other.folder)).digest).not.toBe(facts.digest);
    copy.remove();
    other.remove();
  });

  it("refuses parameters that a method has not, naming the file", async () => {
    const own = await tinyPipeline();
    writeFileSync(join(own.folder, "followspot.json"), '{"methods": {"dd-v1": {"gain": 3}}}');
    await expect(describeModel(own.folder)).rejects.toThrow(/followspot\.json.*gain/s);
    own.remove();
  });

  it("takes defaults from the model's own file", async () => {
    const own = await tinyPipeline();
    const methods = { direct: { trailing: 0, gain: 3, lift: 0.45, outside: 0.01, until: 0.8 } };
    const document = { steps: 12, cfg: 4, methods };
    writeFileSync(join(own.folder, "followspot.json"), JSON.stringify(document));
    const { defaults } = await describeModel(own.folder);
    expect(defaults).toEqual({ sampler: "ddim", steps: 12, cfg: 4, methods });
    const order = {
      prompt: "red cube",
      boxes: [{ words: "red cube", box: [0, 0, 1, 1] }],
    } as const;
    const { boxes, method } = makeOrder(await readPipelineFolder(own.folder), order);
    expect(method).toEqual({ name: "direct", trailing: 0, gain: 3, lift: 0.45, outside: 0.01 });
    expect(boxes[0]).toMatchObject({ until: 0.8, strength: 1 });
    own.remove();
  });
});

describe("planPictures", () => {
  it("tells each box's tokens and nothing to warn of", async () => {
    const plan = await planPictures(requestOf());
    const tokens = [
      { index: 2, text: "red" },
      { index: 3, text: "cube" },
    ];
    const boxes = [{ words: "red cube", tokens }];
    expect(plan).toEqual({ boxes, warnings: [], takesGuidance: false });
  });

  it("warns of words that are cut, repeated, or were never seen", async () => {
    const known = await tinyPipeline();
    writeFileSync(
      join(known.folder, "words.json"),
      '["red cube", "and", "a", "blue", "sphere", "snow"]',
    );
    const prompt = `a red cube and a blu sphere and a red cube ${"snow ".repeat(80)}`;
    const asked = requestOf({}, { prompt, model: { ...base.model, name: known.folder } });
    const { warnings } = await planPictures(asked);
    expect(warnings).toHaveLength(3);
    expect(warnings[0]).toMatch(/reads 75 tokens; "snow snow.*" is left out/);
    expect(warnings[1]).toMatch(/"red cube" stands 2 times.*"red cube#2"/);
    expect(warnings[2]).toMatch(/never saw "blu".*nearest that it knows: "blue"/);
    known.remove();
  });

  it("warns of seeds whose upper bits do not count, and refuses two of equal pictures", async () => {
    const seeds = [2n ** 40n + 3n, 4n, 2n ** 33n];
    expect((await planPictures(requestOf({ seeds }))).warnings).toEqual([
      "warning: only the low 32 bits of a seed count, as in PyTorch: " +
        "1099511627779 draws what 3 does, and so on for 1 more.",
    ]);
    await expect(planPictures(requestOf({ seeds: [...seeds, 3n] }))).rejects.toThrow(
      "seeds: expected seeds that differ in their low 32 bits, got 1099511627779 and 3",
    );
  });

  it("warns of a box in whose range no step lies, and says which range would have one", async () => {
    const leading = await tinyPipeline({ scheduler: { timestep_spacing: "leading" } });
    const [box] = base.boxes;
    const plan = async (until: number, rest: Partial<Recipe> = {}) => {
      const own = { model: { ...base.model, name: leading.folder }, steps: 4, ...rest };
      const asked = requestOf({}, { boxes: [{ ...box!, until }], ...own });
      return (await planPictures(asked)).warnings;
    };
    expect(await plan(0.2)).toEqual([
      'warning: "red cube" is not directed: none of the steps (4) lies in its range, until 0.2; ' +
        "until 0.25 is the least that has one.",
    ]);
    expect(await plan(0.25)).toEqual([]);
    expect(await plan(0)).toHaveLength(1);
    expect(await plan(0, { method: { name: "none" } })).toEqual([]);
    leading.remove();
  });

  it("refuses words that the prompt lacks, and boxed words past the cut", async () => {
    await expect(planPictures(requestOf({}, { prompt: "a green cube" }))).rejects.toThrow(/"red"/);
    const late = requestOf({}, { prompt: `${"snow ".repeat(80)}a red cube` });
    await expect(planPictures(late)).rejects.toThrow(/past the cut/);
  });
});

describe("drawPictures", () => {
  it("gives a PNG that carries its recipe, from which the same bytes come again", async () => {
    const { pictures, told } = await draw(requestOf());
    const [{ images, recipe, boxes, milliseconds }] = pictures as [DrawnPicture];
    expect(images.map(({ role }) => role)).toEqual(["picture"]);
    const { png } = images[0]!;
    const { width, height } = await decodeImage(png);
    expect([width, height]).toEqual([32, 32]);
    const again = parseRecipe(JSON.parse(readPngText(png)["followspot"]!));
    expect(again).toEqual(recipe);
    expect(recipeFromBytes(png, "scene.png").seed).toBe(7n);
    expect((await draw(requestOf({}, again))).pictures[0]!.images[0]!.png).toEqual(png);
    expect(boxes[0]!.attentionShare).toBeGreaterThan(0);
    expect(Object.keys(milliseconds)).toEqual(
      expect.arrayContaining(["load", "encode", "sample", "decode"]),
    );
    expect(told).toEqual(["start 3 drawing", "step 1", "step 2", "step 3", "finish"]);
  });

  it("counts the steps in a box's range, none of which is no share but nothing", async () => {
    const drawn = async (until: number) => {
      const boxes = [{ ...base.boxes[0]!, until }];
      return (await draw(requestOf({}, { boxes }))).pictures[0]!.boxes[0];
    };
    expect(await drawn(0.5)).toMatchObject({ stepsInRange: 2 });
    expect(await drawn(0)).toMatchObject({ stepsInRange: 0, attentionShare: 0 });
  });

  it("writes the settings as other programs read them", async () => {
    const asked = requestOf({}, { negative: "a house" });
    const { pictures } = await draw(asked);
    const lines = readPngText(pictures[0]!.images[0]!.png)["parameters"]!.split("\n");
    expect(lines[0]).toBe(base.prompt);
    expect(lines[1]).toBe("Negative prompt: a house");
    expect(lines[2]).toMatch(
      /^Steps: 3, Sampler: DDIM, CFG scale: 3, Seed: 7, Size: 32x32, Model hash: /,
    );
    expect(lines[2]).toMatch(/Placement: direct, Boxes: "red cube=0,0,0.5,0.5"$/);
  });

  it("draws each seed as if alone, one after another", async () => {
    const { pictures, told } = await draw(requestOf({ seeds: [7n, 8n] }));
    expect(pictures.map(({ recipe }) => recipe.seed)).toEqual([7n, 8n]);
    const alone = await draw(requestOf({}, { seed: 8n }));
    expect(alone.pictures[0]!.images[0]!.png).toEqual(pictures[1]!.images[0]!.png);
    expect(told[0]).toBe("start 6 drawing");
    expect(told.at(-2)).toBe("step 6");
  });

  it("adds the plain picture beside, the boxes over a copy, and heat maps", async () => {
    const asked = requestOf({ compare: true, overlay: true, heatmaps: ["cube", "sphere"] });
    const { pictures, told } = await draw(asked);
    const { images } = pictures[0]!;
    expect(images.map(({ role, word }) => [role, word])).toEqual([
      ["picture", undefined],
      ["compare", undefined],
      ["overlay", undefined],
      ["heatmap", "cube"],
      ["heatmap", "sphere"],
    ]);
    expect(told[0]).toBe("start 6 drawing");
    const bare = await draw(requestOf());
    expect(images[0]!.png).toEqual(bare.pictures[0]!.images[0]!.png);
    for (const { png } of images) {
      expect(recipeFromBytes(png, "any.png").prompt).toBe(base.prompt);
    }
    const overlay = await decodeImage(images[2]!.png);
    expect(overlay.width).toBe(512);
    const sheet = await decodeImage(images[1]!.png);
    const plain = await draw(requestOf({}, { method: { name: "none" } }));
    const right = await decodeImage(plain.pictures[0]!.images[0]!.png);
    // The second cell of the sheet, 8 pixels of white around each.
    const cell = (x: number, y: number) => (8 + y) * sheet.width + 8 + 32 + 8 + x;
    for (const [x, y] of [
      [0, 0],
      [17, 9],
      [31, 31],
    ] as const) {
      const [a, b] = [3 * cell(x, y), 3 * (y * 32 + x)];
      expect(sheet.data.slice(a, a + 3)).toEqual(right.data.slice(b, b + 3));
    }
  });

  it("outlines on a heat map the boxes of its own word, and of no longer one", async () => {
    const prompt = "a cat and a caterpillar";
    const [usual] = base.boxes;
    const cat = { ...usual!, words: "cat" };
    const other: typeof cat = { ...usual!, words: "caterpillar", box: [0.5, 0.5, 1, 1] };
    const pixels = async (boxes: Recipe["boxes"]) => {
      // No box is directed, so that only the outlines differ.
      const recipe = { prompt, boxes, method: { name: "none" } as const };
      const { pictures } = await draw(requestOf({ heatmaps: ["cat"] }, recipe));
      // A matcher would walk all pixels one by one.
      return Buffer.from((await decodeImage(pictures[0]!.images[1]!.png)).data);
    };
    const outlined = await pixels([cat]);
    expect(outlined.equals(await pixels([cat, other]))).toBe(true);
    expect(outlined.equals(await pixels([]))).toBe(false);
  });

  it("stops with the signal's reason and gives no picture", async () => {
    const controller = new AbortController();
    const { reporter } = recorder();
    const stopping: Reporter = { ...reporter, step: () => controller.abort(new Error("enough")) };
    const pictures: DrawnPicture[] = [];
    const run = async () => {
      for await (const picture of drawPictures(requestOf(), stopping, controller.signal)) {
        pictures.push(picture);
      }
    };
    await expect(run()).rejects.toThrow("enough");
    expect(pictures).toEqual([]);
  });

  it("refuses a provider that does not run here", async () => {
    const asked = requestOf({}, { backend: { provider: "wasm", threads: 1 } });
    await expect(draw(asked)).rejects.toThrow(/expected cpu or webgpu here/);
  });
});
