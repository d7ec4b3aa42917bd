import { describe, expect, it } from "vitest";
import { Generator } from "../../core/generator.js";
import {
  BACKGROUNDS,
  COLOURS,
  DRAWINGS,
  SOLIDS,
  loadDrawings,
  renderAlpha,
  renderScene,
} from "./index.js";
import { DRAWING_ASPECTS } from "./kinds.js";
import { sampleScene } from "./sample.js";
import type { BackgroundName, Box, Colour, Scene, SceneThing, SolidKind } from "./index.js";

const drawings = await loadDrawings();

function solid(kind: SolidKind, colour: Colour, box: Box): SceneThing {
  return { kind, colour, box, shade: 1 };
}

function sceneOf(name: BackgroundName, ...things: SceneThing[]): Scene {
  return { background: { name, horizon: 0.5, shade: 1, phase: 0 }, things };
}

/** Tight bounds, in fractions, of the pixels covered by at least a quarter. */
function boundsOf(alpha: Float32Array, size: number): number[] {
  const bounds = [1, 1, 0, 0];
  alpha.forEach((value, at) => {
    if (value < 0.25) return;
    const [x, y] = [at % size, Math.floor(at / size)];
    bounds[0] = Math.min(bounds[0]!, x / size);
    bounds[1] = Math.min(bounds[1]!, y / size);
    bounds[2] = Math.max(bounds[2]!, (x + 1) / size);
    bounds[3] = Math.max(bounds[3]!, (y + 1) / size);
  });
  return bounds;
}

describe("renderScene", () => {
  it("gives the same bytes for the same scene, of the size asked", () => {
    const { scene } = sampleScene(new Generator(3n));
    const picture = renderScene(scene, 96, drawings);
    expect(picture.length).toBe(96 * 96 * 3);
    expect(renderScene(structuredClone(scene), 96, drawings)).toEqual(picture);
    expect(renderScene(scene, 64, drawings).length).toBe(64 * 64 * 3);
  });

  it("paints later things over earlier ones", () => {
    const red = solid("cube", "red", [0.2, 0.2, 0.7, 0.7]);
    const blue = solid("cube", "blue", [0.3, 0.3, 0.8, 0.8]);
    const middle = (48 * 96 + 48) * 3;
    const blueOver = renderScene(sceneOf("grey", red, blue), 96, drawings);
    const redOver = renderScene(sceneOf("grey", blue, red), 96, drawings);
    expect(blueOver[middle + 2]!).toBeGreaterThan(blueOver[middle]! + 50);
    expect(redOver[middle]!).toBeGreaterThan(redOver[middle + 2]! + 50);
  });

  it("changes nothing outside a thing's box", () => {
    const empty = renderScene(sceneOf("meadow"), 96, drawings);
    const full = renderScene(
      sceneOf("meadow", solid("torus", "white", [0.25, 0.25, 0.5, 0.5])),
      96,
      drawings,
    );
    const changed = [...empty.keys()].filter((at) => full[at] !== empty[at]);
    const columns = changed.map((at) => Math.floor(at / 3) % 96);
    const rows = changed.map((at) => Math.floor(at / 288));
    expect([Math.min(...columns), Math.max(...columns)]).toEqual([24, 47]);
    expect([Math.min(...rows), Math.max(...rows)]).toEqual([24, 47]);
  });

  it("mirrors a drawn thing", () => {
    const box: Box = [0.25, 0.25, 0.75, 0.75];
    const plain = renderAlpha({ kind: "cat", box, shade: 1, mirrored: false }, 96, drawings);
    const mirrored = renderAlpha({ kind: "cat", box, shade: 1, mirrored: true }, 96, drawings);
    const worst = plain.reduce((most, value, at) => {
      const across = Math.floor(at / 96) * 96 + 95 - (at % 96);
      return Math.max(most, Math.abs(mirrored[across]! - value));
    }, 0);
    expect(worst).toBeLessThan(1e-4);
    expect(mirrored).not.toEqual(plain);
  });
});

describe("every thing", () => {
  const size = 192;
  const box: Box = [0.217, 0.131, 0.733, 0.688];
  const things: SceneThing[] = [
    ...SOLIDS.map((kind) => solid(kind, "red", box)),
    ...DRAWINGS.map((kind) => ({ kind, box, shade: 1, mirrored: false })),
  ];

  it.each(things)("$kind fills its box tightly", (thing) => {
    const bounds = boundsOf(renderAlpha(thing, size, drawings), size);
    bounds.forEach((edge, k) => expect(Math.abs(edge - box[k]!)).toBeLessThan(0.02));
  });

  it.each(DRAWINGS)("%s keeps its icon's proportions", (kind) => {
    const { width, height } = drawings[kind];
    expect(width / height / DRAWING_ASPECTS[kind]).toBeCloseTo(1, 1);
  });

  it("stands out from every background, in every colour", () => {
    for (const name of BACKGROUNDS) {
      for (const colour of COLOURS) {
        for (const kind of SOLIDS) {
          const thing = solid(kind, colour, [0.3, 0.35, 0.7, 0.75]);
          expect(contrast(name, thing), `${colour} ${kind}, ${name}`).toBeGreaterThan(40);
        }
      }
      for (const kind of DRAWINGS) {
        const thing: SceneThing = { kind, box: [0.3, 0.35, 0.7, 0.75], shade: 1, mirrored: false };
        expect(contrast(name, thing), `${kind}, ${name}`).toBeGreaterThan(40);
      }
    }
  });
});

/** Mean distance in RGB between a thing's pixels and the background they hide. */
function contrast(name: BackgroundName, thing: SceneThing): number {
  const empty = renderScene(sceneOf(name), 48, drawings);
  const full = renderScene(sceneOf(name, thing), 48, drawings);
  const alpha = renderAlpha(thing, 48, drawings);
  let [sum, count] = [0, 0];
  alpha.forEach((value, pixel) => {
    if (value < 0.9) return;
    sum += Math.hypot(...[0, 1, 2].map((k) => full[pixel * 3 + k]! - empty[pixel * 3 + k]!));
    count++;
  });
  return sum / count;
}
