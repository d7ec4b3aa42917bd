import { describe, expect, expectTypeOf, it } from "vitest";
import { Generator } from "../../core/generator.js";
import {
  BACKGROUNDS,
  COLOURS,
  DRAWINGS,
  NOUNS,
  SOLIDS,
  combinationsOf,
  isHeldOut,
  loadDrawings,
  renderAlpha,
  sampleScene,
  trainingSample,
} from "./index.js";
import type { Scene, ThingCounts, TrainingSample } from "./index.js";

const drawings = await loadDrawings();
const generator = new Generator(11n);
const samples = Array.from({ length: 2000 }, () => sampleScene(generator));

/** Share of a thing's pixels that later things leave visible. */
function visibleShare(scene: Scene, index: number): number {
  const size = 48;
  const own = renderAlpha(scene.things[index]!, size, drawings);
  const left = own.slice();
  for (const thing of scene.things.slice(index + 1)) {
    renderAlpha(thing, size, drawings).forEach((value, at) => (left[at]! *= 1 - value));
  }
  const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
  return sum(left) / sum(own);
}

describe("isHeldOut", () => {
  it("keeps a fifth of the colour x solid combinations out, one for every colour", () => {
    for (const colour of COLOURS) {
      expect(SOLIDS.filter((solid) => isHeldOut({ colour, solid }))).toHaveLength(1);
    }
  });

  it("keeps about a fifth of the pairs of things out, whatever their order", () => {
    let count = 0;
    for (const first of NOUNS) {
      for (const second of NOUNS) {
        const heldOut = isHeldOut({ nouns: [first, second] });
        expect(isHeldOut({ nouns: [second, first] })).toBe(heldOut);
        if (heldOut) count++;
      }
    }
    expect(count / (NOUNS.length * (NOUNS.length - 1))).toBeCloseTo(0.2, 1);
  });

  it("lets the demonstration's things into training", () => {
    expect(isHeldOut({ colour: "red", solid: "cube" })).toBe(false);
    expect(isHeldOut({ colour: "blue", solid: "sphere" })).toBe(false);
    expect(isHeldOut({ nouns: ["cube", "sphere"] })).toBe(false);
  });
});

describe("sampleScene", () => {
  it("is decided by its generator", () => {
    expect(sampleScene(new Generator(5n))).toEqual(sampleScene(new Generator(5n)));
    expect(sampleScene(new Generator(5n))).not.toEqual(sampleScene(new Generator(6n)));
  });

  it("puts one to three different things within the picture, each side 0.15 to 0.6", () => {
    for (const { scene } of samples) {
      expect(scene.things.length).toBeGreaterThanOrEqual(1);
      expect(scene.things.length).toBeLessThanOrEqual(3);
      const names = scene.things.map(({ kind, colour }) => `${colour} ${kind}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { box } of scene.things) {
        const sides = [box[2] - box[0], box[3] - box[1]];
        expect(Math.min(...sides)).toBeGreaterThan(0.15 - 1e-9);
        expect(Math.max(...sides)).toBeLessThan(0.6 + 1e-9);
        expect(Math.min(...box)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...box)).toBeLessThanOrEqual(1);
      }
    }
  });

  it("leaves at least 60 % of every thing visible", () => {
    for (const { scene } of samples.slice(0, 800)) {
      scene.things.forEach((_, index) =>
        expect(visibleShare(scene, index)).toBeGreaterThan(0.6 - 1e-6),
      );
    }
  });

  it("shows every thing, colour and background", () => {
    const scenes = samples.map(({ scene }) => scene);
    const kinds = new Set(scenes.flatMap(({ things }) => things.map(({ kind }) => kind)));
    const colours = new Set(scenes.flatMap(({ things }) => things.map(({ colour }) => colour)));
    const backgrounds = new Set(scenes.map(({ background }) => background.name));
    expect(kinds.size).toBe(SOLIDS.length + DRAWINGS.length);
    expect(colours.size).toBe(COLOURS.length + 1);
    expect(backgrounds.size).toBe(BACKGROUNDS.length);
  });

  it("keeps held-out combinations out of training and in the held-out split", () => {
    const heldOut = (scene: Scene): boolean => combinationsOf(scene).some(isHeldOut);
    expect(samples.some(({ scene }) => heldOut(scene))).toBe(false);
    const others = Array.from({ length: 300 }, () => sampleScene(generator, { split: "heldout" }));
    expect(others.every(({ scene }) => heldOut(scene))).toBe(true);
    const any = Array.from({ length: 300 }, () => sampleScene(generator, { split: "any" }));
    const share = any.filter(({ scene }) => heldOut(scene)).length / any.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.6);
  });
});

describe("sampleScene with shares of counts", () => {
  it("draws scenes of the wanted numbers of things alone", () => {
    const source = new Generator(9n);
    const numbers = (counts: ThingCounts): Set<number> =>
      new Set(
        Array.from({ length: 80 }, () => sampleScene(source, { counts }).scene.things.length),
      );
    expect(numbers([1, 0, 0])).toEqual(new Set([1]));
    expect(numbers([0, 0.5, 0.5])).toEqual(new Set([2, 3]));
  });
});

describe("trainingSample", () => {
  it("carries a picture and a caption and nothing else", () => {
    expectTypeOf<TrainingSample>().toEqualTypeOf<{
      readonly picture: Uint8Array;
      readonly caption: string;
    }>();
    expectTypeOf(trainingSample).returns.toEqualTypeOf<TrainingSample>();
    const sample = trainingSample(new Generator(2n), { drawings, size: 32 });
    expect(Reflect.ownKeys(sample).sort()).toEqual(["caption", "picture"]);
    expect(sample.picture).toBeInstanceOf(Uint8Array);
    expect(Reflect.ownKeys(sample.picture)).toHaveLength(32 * 32 * 3);
    expect(typeof sample.caption).toBe("string");
  });

  it("never names a held-out combination", () => {
    const source = new Generator(17n);
    for (let n = 0; n < 300; n++) {
      const { caption } = trainingSample(source, { drawings, size: 8 });
      for (const colour of COLOURS) {
        for (const solid of SOLIDS) {
          if (isHeldOut({ colour, solid })) expect(caption).not.toContain(`${colour} ${solid}`);
        }
      }
    }
  });

  it("draws things of the sides it is told", () => {
    const generator = new Generator(5n);
    const areas = Array.from({ length: 40 }, () => {
      const { scene } = sampleScene(generator, { counts: [1, 0, 0], sides: [0.5, 0.5] });
      const [x0, y0, x1, y1] = scene.things[0]!.box;
      return Math.sqrt((x1 - x0) * (y1 - y0));
    });
    expect(Math.min(...areas)).toBeGreaterThan(0.42);
    expect(Math.max(...areas)).toBeLessThanOrEqual(0.6);
  });
});
