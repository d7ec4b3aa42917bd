import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import { startingWeights } from "./start.js";

const fresh = new Map([
  ["unet.a", floats([2], [1, 2])],
  ["unet.b", floats([1], [3])],
]);

describe("what a run begins with", () => {
  it("is the trained value where there is one, and the fresh one else", () => {
    const trained = new Map([
      ["unet.b", floats([1], [9])],
      ["text_encoder.c", floats([1], [7])],
    ]);
    const start = startingWeights(fresh, trained);
    expect([...start.keys()]).toEqual(["unet.a", "unet.b"]);
    expect([...start.get("unet.a")!.data]).toEqual([1, 2]);
    expect([...start.get("unet.b")!.data]).toEqual([9]);
    expect([...fresh.get("unet.b")!.data]).toEqual([3]);
  });

  it("refuses a weight of another shape, and a model that shares nothing", () => {
    const wide = new Map([["unet.a", floats([3], [1, 2, 3])]]);
    expect(() => startingWeights(fresh, wide)).toThrow(/unet\.a: expected 2, got 3/);
    const other = new Map([["vae.a", floats([2], [1, 2])]]);
    expect(() => startingWeights(fresh, other)).toThrow(/got none of them/);
  });
});
