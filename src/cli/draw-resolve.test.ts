import { describe, expect, it } from "vitest";
import { defaultMethod } from "../pipelines/recipe-methods.js";
import type { RecipeSketch } from "../pipelines/recipe.js";
import { parseSketch } from "../pipelines/recipe.js";
import type { DrawFlags } from "./draw-flags.js";
import { resolveDraw } from "./draw-resolve.js";
import { facts } from "./test-context.js";

const prompt = "a red cube above a blue sphere";
const box = ["red cube=left", "blue sphere=right"];
const randomSeed = () => 4242n;
const sketchOf = (rest: object): RecipeSketch => parseSketch({ version: 1, prompt, ...rest });
const resolve = (flags: DrawFlags, sketch?: RecipeSketch) =>
  resolveDraw({ prompt: sketch ? undefined : prompt, flags, sketch, facts, randomSeed });
const recipeOf = (flags: DrawFlags, sketch?: RecipeSketch) => resolve(flags, sketch).request.recipe;

describe("defaults", () => {
  it("come from the model, and the seed is told", () => {
    expect(recipeOf({})).toMatchObject({
      ...facts.defaults,
      prompt,
      negative: "",
      boxes: [],
      method: { name: "none" },
      size: [96, 96],
      seed: 4242n,
      model: { name: "stage", digest: facts.digest },
      backend: facts.backend,
      versions: facts.versions,
    });
  });

  it("direct boxes as soon as there are any", () => {
    expect(recipeOf({ box }).method.name).toBe("direct");
    expect(recipeOf({ box, method: "none" }).method.name).toBe("none");
    expect(recipeOf({ box, method: "dd-v1" }).boxes[0]).toEqual({
      words: "red cube",
      box: [0, 0, 0.5, 1],
      strength: 1,
      until: 0.2,
    });
  });
});

describe("strength and range", () => {
  it("are given to all boxes or to the box of some words", () => {
    const strength = { all: 2, words: { "Blue  sphere": 3 } };
    const boxes = recipeOf({ box, strength, until: { words: { "red cube": 0.9 } } }).boxes;
    expect(boxes.map((each) => each.strength)).toEqual([2, 3]);
    expect(boxes.map((each) => each.until)).toEqual([0.9, 0.3]);
  });

  it("refuse the words of no box", () => {
    const strength = { words: { cat: 3 } };
    expect(() => resolve({ box, strength })).toThrow(
      '--strength: expected the words of a box ("red cube", "blue sphere"), got "cat".',
    );
  });
});

describe("a recipe to start from", () => {
  const whole = {
    negative: "fog",
    boxes: [{ words: "red cube", box: [0, 0, 0.5, 0.5], strength: 2, until: 0.5 }],
    method: { name: "direct", trailing: 3, gain: 0.2, lift: 0.4, outside: 0.1 },
    sampler: "heun",
    steps: 8,
    cfg: 3,
    seed: "18446744073709551615",
    size: [96, 96],
    backend: { provider: "cpu", threads: 1 },
  };

  it("is kept whole", () => {
    const recipe = recipeOf({}, sketchOf(whole));
    expect(recipe).toMatchObject({ ...whole, seed: 2n ** 64n - 1n });
  });

  it("gives way to each flag", () => {
    const flags: DrawFlags = { steps: 9, threads: 4, box: ["cube=top"], method: "dd", seed: 1n };
    expect(recipeOf(flags, sketchOf(whole))).toMatchObject({
      steps: 9,
      backend: { threads: 4 },
      boxes: [{ words: "cube", strength: 1, until: 0.3 }],
      method: { name: "dd", trailing: 15 },
      seed: 1n,
      sampler: "heun",
    });
  });

  it("keeps its method's parameters when the flag names the same method", () => {
    expect(recipeOf({ method: "direct" }, sketchOf(whole)).method).toEqual(whole.method);
  });

  it("that names a method alone gets the model's parameters", () => {
    const methods = { direct: { trailing: 0, gain: 3, lift: 0.45 } };
    const own = { ...facts, defaults: { ...facts.defaults, methods } };
    const boxes = [{ words: "red cube", box: [0, 0, 0.5, 0.5] }];
    const sketch = sketchOf({ boxes, method: { name: "direct", lift: 0.6 } });
    const { request } = resolveDraw({
      prompt: undefined,
      flags: {},
      sketch,
      facts: own,
      randomSeed,
    });
    expect(request.recipe.method).toMatchObject({
      name: "direct",
      trailing: 0,
      gain: 3,
      lift: 0.6,
    });
  });

  it("of a plain picture is directed once boxes are added", () => {
    const plain = sketchOf({ method: { name: "none" } });
    expect(recipeOf({}, plain).method.name).toBe("none");
    expect(recipeOf({ box }, plain).method.name).toBe("direct");
  });

  it("warns when model or programs are others, but not when they are asked for", () => {
    const model = { name: "stage", digest: `sha256:${"0".repeat(64)}` };
    const versions = { followspot: "0.0.9", onnxruntime: "1.30.0" };
    const sketch = sketchOf({ model, versions });
    expect(resolve({}, sketch).warnings).toEqual([
      `warning: the recipe was made with model ${model.digest}, this is ${facts.digest}.`,
      "warning: the recipe was made with followspot 0.0.9, this is 0.1.0.",
    ]);
    expect(resolve({ model: "stage" }, sketch).warnings).toHaveLength(1);
    expect(resolve({}, sketchOf({})).warnings).toEqual([]);
  });
});

describe("a recipe to start from, for another model", () => {
  const sketch = sketchOf({
    negative: "fog",
    boxes: [{ words: "red cube", box: [0, 0, 0.5, 0.5], strength: 2, until: 0.5 }],
    method: { name: "dd-v1", trailing: 3 },
    model: { name: "live", digest: `sha256:${"0".repeat(64)}` },
    sampler: "euler",
    steps: 4,
    cfg: 1,
    seed: "9",
    size: [128, 128],
  });

  it("gives prompt, negative, boxes, method and seed; settings are the model's own", () => {
    const { request, warnings } = resolve({ model: "stage" }, sketch);
    expect(request.recipe).toMatchObject({
      ...{ prompt, negative: "fog", seed: 9n, size: [96, 96] },
      boxes: [{ words: "red cube", box: [0, 0, 0.5, 0.5], strength: 1, until: 0.2 }],
      method: { name: "dd-v1", trailing: 10 },
      ...facts.defaults,
    });
    expect(warnings).toEqual([
      "note: the recipe was made with another model; not recalled: sampler euler, steps 4, cfg 1, " +
        "size 128x128, parameters of dd-v1, strength of the boxes, until of the boxes.",
    ]);
  });

  it("tells nothing of what the flags say anew", () => {
    const flags: DrawFlags = { model: "stage", steps: 7, cfg: 2, method: "direct", box };
    const { request, warnings } = resolve(flags, sketch);
    expect(request.recipe).toMatchObject({ steps: 7, cfg: 2, sampler: "ddim" });
    expect(warnings.join()).toMatch(/not recalled: sampler euler, size 128x128\.$/);
  });

  it("tells nothing of what the other model has too", () => {
    const like: RecipeSketch = {
      ...{ ...sketch, ...facts.defaults, size: [96, 96] },
      boxes: [{ words: "red cube", box: [0, 0, 0.5, 0.5], strength: 1, until: 0.2 }],
      method: defaultMethod("dd-v1"),
    };
    expect(resolve({ model: "stage" }, like).warnings).toEqual([]);
    const flags: DrawFlags = { model: "stage", strength: { all: 3, words: {} } };
    const stronger = like.boxes!.map((each) => ({ ...each, strength: 9 }));
    expect(resolve(flags, { ...like, boxes: stronger }).warnings).toEqual([]);
  });

  it("gives a student that takes none no negative prompt", () => {
    const defaults = { ...facts.defaults, cfg: 1, guidance: 4 };
    const student = { ...facts, defaults, takesNegative: false };
    const flags = { model: "student" };
    const told = resolveDraw({ prompt: undefined, flags, sketch, facts: student, randomSeed });
    expect(told.request.recipe.negative).toBe("");
    expect(told.warnings.join()).toMatch(/negative prompt "fog"\.$/);
  });

  it("is kept whole when it is the same model under another name", () => {
    const same = { ...sketch, size: undefined, model: { name: "live", digest: facts.digest } };
    expect(recipeOf({ model: "stage" }, same)).toMatchObject({ steps: 4, sampler: "euler" });
  });
});

describe("size", () => {
  it("is the trained one unless forced", () => {
    expect(() => resolve({ size: [128, 96] })).toThrow(
      "--size: expected 96x96, at which stage was trained, got 128x96. Add --force",
    );
    expect(recipeOf({ size: [128, 96], force: true }).size).toEqual([128, 96]);
    expect(() => resolve({ size: [100, 96], force: true })).toThrow("expected multiples of 8");
  });

  it("of a recipe of the same model needs no force again", () => {
    const size = [128, 128];
    const model = { name: "stage", digest: facts.digest };
    expect(recipeOf({}, sketchOf({ size, model })).size).toEqual(size);
    expect(() => resolve({}, sketchOf({ size }))).toThrow("--force");
  });

  it("is what pixels are pixels of", () => {
    const flags: DrawFlags = { box: ["cube=0px,0px,32px,48px"], size: [128, 96], force: true };
    expect(recipeOf(flags).boxes[0]!.box).toEqual([0, 0, 0.25, 0.5]);
  });
});

it.each<[DrawFlags, RegExp]>([
  [{ method: "direct" }, /^--method direct: expected at least one --box, got none\.$/],
  [{ strength: { all: 2, words: {} } }, /^--strength: has no effect, since there is no --box/],
  [{ box, method: "none", until: { all: 1, words: {} } }, /--until: .* directs nothing/],
  [{ compare: true }, /^--compare: has no effect, since the picture is a plain one/],
  [{ overlay: true }, /^--overlay: has no effect/],
  [{ negative: "fog", cfg: 1 }, /^--negative: has no effect, since --cfg 1 is no guidance/],
])("%o is refused, since it would be ignored", (flags, message) => {
  expect(() => resolve(flags)).toThrow(message);
});

it("tells of a student why it takes no negative prompt", () => {
  const student = { ...facts, defaults: { ...facts.defaults, cfg: 1, guidance: 4 } };
  const choices = { flags: { negative: "fog" }, sketch: undefined, facts: student };
  expect(() => resolveDraw({ ...choices, prompt: "a cube", randomSeed: () => 1n })).toThrow(
    /^--negative: .* guidance of 4 distilled into it.*; draw with its teacher instead/,
  );
});

it("refuses a recipe's box that is smaller than the model's attention cell", () => {
  const boxes = [{ words: "cube", box: [0, 0, 0.05, 0.5] }];
  expect(() => resolve({}, sketchOf({ boxes }))).toThrow("at least one attention cell");
});
