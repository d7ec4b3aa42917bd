// Inception-v3 of 2015 against a stored forward pass in numpy, where its weights are at hand.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { compareWithGolden, differencesOf } from "../../scripts/goldens/inception-golden.js";

const weights = process.env["FOLLOWSPOT_INCEPTION"] ?? "";
/** Beside the weights; neither is part of the repository. */
const golden = join(dirname(weights), "golden_features.json");

describe("the weights of 2015", () => {
  it.skipIf(weights === "" || !existsSync(golden))(
    "give the stored means after every kind of block",
    async () => {
      const { differences } = await compareWithGolden(weights, golden);
      const names = differences.map(({ name }) => name);
      expect(names.slice(0, 3)).toEqual(["pool2_192", "mixed_2_288", "mixed_7_768"]);
      expect(differences.filter(({ isClose }) => !isClose)).toEqual([]);
    },
  );
});

describe("differencesOf", () => {
  const judged = (made: number[], stored: number[]) =>
    differencesOf({ a: made }, { a: stored })[0]!;

  it("allows a ten-thousandth and no more", () => {
    expect(judged([1, 2.00009], [1, 2])).toMatchObject({ values: 2, isClose: true });
    expect(judged([1.00011, 2], [1, 2])).toMatchObject({ isClose: false });
  });

  it("holds neither NaN nor another number of values to be close", () => {
    expect(judged([1, NaN], [1, 2]).isClose).toBe(false);
    expect(judged([1, 2], [1]).isClose).toBe(false);
    expect(judged([1], [1, 2]).isClose).toBe(false);
  });

  it("compares the maps that both have", () => {
    const made = { a: [1], b: [1] };
    expect(differencesOf(made, { b: [1], c: [1] }).map(({ name }) => name)).toEqual(["b"]);
  });
});
