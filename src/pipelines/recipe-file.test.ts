import { describe, expect, it } from "vitest";
import { writePngText } from "../io/png-text.js";
import { RECIPE_CHUNK, readRecipeFile, recipeFromBytes } from "./recipe-file.js";

// The smallest PNG: one grey pixel.
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==",
  "base64",
);
const sketch = { version: 1 as const, prompt: "a naïve 猫" };
const bytes = (text: string) => new TextEncoder().encode(text);

describe("recipeFromBytes", () => {
  it("reads a picture's chunk and a JSON file alike", () => {
    const text = JSON.stringify(sketch);
    const picture = writePngText(png, { parameters: "others", [RECIPE_CHUNK]: text });
    expect(recipeFromBytes(picture, "a.png")).toEqual(sketch);
    expect(recipeFromBytes(bytes(text), "a.json")).toEqual(sketch);
  });

  it.each([
    [png, /a: the picture carries no recipe/],
    [writePngText(png, { parameters: "a cat" }), /carries no recipe/],
    [writePngText(png, { [RECIPE_CHUNK]: "{" }), /a: expected JSON/],
    [writePngText(png, { [RECIPE_CHUNK]: '{"version":2}' }), /version 1 or older, got 2/],
    [png.subarray(0, 20), /png: expected a whole chunk/],
    [bytes("{"), /a: expected JSON/],
    [Uint8Array.of(0xff, 0xd8, 0xff), /expected a PNG or JSON text, got other bytes/],
    [bytes(""), /a: expected JSON/],
  ])("refuses what holds no recipe (%#)", (file, message) => {
    expect(() => recipeFromBytes(file, "a")).toThrow(message);
  });
});

it("names the file that cannot be read", async () => {
  await expect(readRecipeFile("nowhere/a.png")).rejects.toThrow("recipe: nowhere/a.png: no such");
});
