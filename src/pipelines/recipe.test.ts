import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FollowspotError } from "../core/errors.js";
import { METHOD_NAMES, completeMethod, defaultMethod } from "./recipe-methods.js";
import { recipeSchemaText } from "./recipe-schema.js";
import type { Recipe } from "./recipe.js";
import { encodeRecipe, formatRecipe, parseRecipe, parseSketch } from "./recipe.js";

const recipe: Recipe = {
  version: 1,
  prompt: "a red cube above a blue sphere",
  negative: "",
  boxes: [
    { words: "red cube", box: [0.3, 0.05, 0.7, 0.45], strength: 1, until: 0.3 },
    { words: "blue sphere", box: [0.3, 0.5, 0.7, 0.95], strength: 2, until: 0.5 },
  ],
  model: { name: "stage", digest: `sha256:${"0".repeat(64)}` },
  method: { name: "direct", trailing: 15, gain: 0.15, lift: 1, outside: 0.001 },
  sampler: "ddim",
  steps: 20,
  cfg: 5,
  seed: 24839640268232521n, // Row 10 of the authors' table: above 2^53.
  size: [96, 96],
  backend: { provider: "cpu", threads: 2 },
  versions: { followspot: "0.1.0", onnxruntime: "1.30.0" },
};
const document = encodeRecipe(recipe);

describe("a complete recipe", () => {
  it("survives the way through its text, with every digit of the seed", () => {
    const text = formatRecipe(recipe);
    expect(text).toContain('"seed": "24839640268232521"');
    expect(parseRecipe(JSON.parse(text))).toEqual(recipe);
    expect(formatRecipe(parseRecipe(JSON.parse(text)))).toBe(text);
  });

  it("is written with the same bytes whatever the order of its keys", () => {
    const shuffled = Object.fromEntries(Object.entries(recipe).reverse()) as Recipe;
    expect(formatRecipe(shuffled)).toBe(formatRecipe(recipe));
  });

  it.each(Object.keys(document))("needs %s", (key) => {
    const rest = Object.entries(document).filter(([name]) => name !== key);
    expect(() => parseRecipe(Object.fromEntries(rest))).toThrow(new RegExp(`^recipe: ${key}: `));
  });

  it("takes the largest seed of 64 bits", () => {
    const seed = (2n ** 64n - 1n).toString();
    expect(parseRecipe({ ...document, seed }).seed).toBe(2n ** 64n - 1n);
  });
});

describe("faults", () => {
  const box = { words: "cat", box: [0, 0, 1, 1], strength: 1, until: 1 };
  it.each([
    [{ version: 2 }, /expected version 1 or older, got 2. Update followspot/],
    [{ version: 2, novel: true }, /expected version 1/],
    [{ version: "1" }, /version: expected 1/],
    [{ novel: 1 }, /^recipe: expected keys of version, .*, got "novel"\.$/],
    [{ boxes: [{ ...box, novel: 1 }] }, /boxes\[0\]: expected keys of words, .*, got "novel"/],
    [{ boxes: [{ ...box, box: [0, 0, 1] }] }, /boxes\[0\]\.box: expected a list .*, got \[0,0,1\]/],
    [{ boxes: [{ ...box, box: [0.5, 0, 0.1, 1] }] }, /box "cat": expected left < right/],
    [{ boxes: [box, box] }, /two for "cat"/],
    [
      { method: { name: "magic" } },
      /method\.name: expected one of direct, dd, dd-v1, none, got "magic"/,
    ],
    [{ method: { name: "none", trailing: 3 } }, /method: expected keys of name, got "trailing"/],
    [{ sampler: "plms" }, /sampler: expected one of ddim, euler, .*, got "plms"/],
    [{ steps: 0 }, /steps: expected a number of at least 1, got 0/],
    [{ steps: 2.5 }, /steps: expected a whole number, got 2.5/],
    [{ cfg: 51 }, /cfg: expected a number of at most 50, got 51/],
    [{ seed: 7 }, /seed: expected a text, got 7/],
    [{ seed: "-1" }, /seed: expected a text like .*, got "-1"/],
    [{ seed: "18446744073709551616" }, /seed: expected .* at most 18446744073709551615, got 1844/],
    [
      { model: { name: "stage", digest: "abc" } },
      /model\.digest: expected a text like .*sha256.*, got "abc"/,
    ],
  ])("%j", (change, message) => {
    const parse = () => parseRecipe({ ...document, ...change });
    expect(parse).toThrow(message);
    expect(parse).toThrow(FollowspotError);
  });

  it.each([[null], [[]], ["text"], [7]])("refuses %j", (value) => {
    expect(() => parseRecipe(value)).toThrow("recipe: expected a JSON object");
  });

  it("tells at most three in one line", () => {
    const parse = () => parseRecipe({ version: 1 });
    expect(parse).toThrow(/^recipe: [^;\n]+; [^;\n]+; [^;\n]+; and \d+ more\.$/);
  });
});

describe("a sketch", () => {
  it("needs only version and prompt, and takes all that a recipe has", () => {
    expect(parseSketch({ version: 1, prompt: "a cat" })).toEqual({ version: 1, prompt: "a cat" });
    expect(parseSketch(document)).toEqual(recipe);
    expect(() => parseSketch({ version: 1 })).toThrow("prompt: expected a text, got nothing");
  });

  it("keeps a method as it was written: what is left out is the model's to say", () => {
    const method = { name: "direct", trailing: 3 };
    const sketch = parseSketch({ version: 1, prompt: "", method });
    expect(sketch.method).toEqual(method);
    const whole = completeMethod(sketch.method!, { direct: { gain: 2, trailing: 1 } });
    expect(whole).toEqual({ ...defaultMethod("direct"), trailing: 3, gain: 2 });
    const wrong = { name: "direct", trailing: -1 };
    expect(() => parseSketch({ version: 1, prompt: "", method: wrong })).toThrow(/trailing/);
  });

  it("may leave out strength and range of a box and the model's digest, and name its schema", () => {
    const boxes = [{ words: "cat", box: [0, 0, 1, 0.5] }];
    const sketch = { $schema: "x.json", version: 1, prompt: "", boxes, model: { name: "stage" } };
    expect(parseSketch(sketch)).toEqual(sketch);
  });
});

it("docs/recipe.schema.json is current (npx tsx scripts/recipe-schema.ts writes it)", () => {
  const path = new URL("../../docs/recipe.schema.json", import.meta.url);
  expect(readFileSync(path, "utf8")).toBe(recipeSchemaText());
});

it("knows the defaults of every method", () => {
  expect(METHOD_NAMES.map((name) => defaultMethod(name).name)).toEqual([...METHOD_NAMES]);
});
