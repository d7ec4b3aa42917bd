import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadTokenizer } from "../../models/tokenizer/folder.js";
import { locateWords } from "../../models/tokenizer/index.js";
import { COLOURS, SOLIDS, isHeldOut } from "./index.js";
import { PROTOCOL_SPLITS, placementProtocol } from "./triples.js";
import type { PlacementProtocol, ProtocolTriple } from "./triples.js";

const ROOT = new URL("../../../", import.meta.url);
const protocol = JSON.parse(
  readFileSync(new URL("bench/protocol/placement.json", ROOT), "utf8"),
) as PlacementProtocol;
const tokenizer = await loadTokenizer(fileURLToPath(new URL("models/stage/tokenizer", ROOT)));
const all = PROTOCOL_SPLITS.flatMap((split) => protocol[split]);

const share = (list: readonly ProtocolTriple[], test: (triple: ProtocolTriple) => boolean) =>
  list.filter(test).length / list.length;

describe("the committed protocol", () => {
  it("is what its recipe makes", () => {
    expect(placementProtocol()).toEqual(protocol);
  });

  it("has 500 test and 200 tune triples, half with one box and half with two", () => {
    expect(protocol.test).toHaveLength(500);
    expect(protocol.tune).toHaveLength(200);
    for (const split of PROTOCOL_SPLITS) {
      expect(share(protocol[split], ({ boxes }) => boxes.length === 1)).toBe(0.5);
      expect(share(protocol[split], ({ relation }) => relation?.relation === "above")).toBe(0.25);
      expect(share(protocol[split], ({ unseen }) => unseen)).toBe(0.2);
    }
  });

  it("shares no triple, seed or box between test and tune", () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(new Set(all.map(({ seed }) => seed)).size).toBe(all.length);
    const boxes = all.flatMap((triple) => triple.boxes.map(({ box }) => box.join()));
    expect(new Set(boxes).size).toBe(boxes.length);
  });

  it("has boxes within the picture, sides 0.25 to 0.5, spread evenly over it", () => {
    const boxes = all.flatMap((triple) => triple.boxes.map(({ box }) => box));
    for (const [left, top, right, bottom] of boxes) {
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(Math.max(right, bottom)).toBeLessThanOrEqual(1);
      for (const side of [right - left, bottom - top]) {
        expect(side).toBeGreaterThanOrEqual(0.25 - 1.01e-4);
        expect(side).toBeLessThanOrEqual(0.5 + 1.01e-4);
      }
    }
    // A uniform position leaves the share of free room to the left uniform, too.
    const single = all.filter((triple) => triple.boxes.length === 1);
    const shares = single.map(({ boxes: [first] }) => {
      const [left, , right] = first!.box;
      return left / (1 - (right - left));
    });
    for (const edge of [0.25, 0.5, 0.75]) {
      const below = shares.filter((value) => value < edge).length / shares.length;
      expect(Math.abs(below - edge)).toBeLessThan(0.08);
    }
  });

  it("draws relations that its boxes keep, in either order of naming", () => {
    for (const { boxes, relation } of all) {
      expect(relation === null).toBe(boxes.length === 1);
      if (!relation) continue;
      const [first, second] = [boxes[relation.first]!.box, boxes[relation.second]!.box];
      const axis = relation.relation === "above" ? 1 : 0;
      expect(first[axis + 2]).toBeLessThanOrEqual(second[axis]);
    }
    const pairs = all.filter(({ relation }) => relation);
    const inOrder = share(pairs, ({ relation }) => relation!.first === 0);
    expect(Math.abs(inOrder - 0.5)).toBeLessThan(0.1);
  });

  it("names neither place nor relation, so that plain sampling is at chance", () => {
    for (const { prompt } of all) {
      expect(prompt).not.toMatch(/above|below|over|left|right|top|bottom|middle|next|beside/);
    }
  });

  it("ties every box to words that the prompt holds once", () => {
    for (const { prompt, boxes } of all) {
      const encoding = tokenizer.encode(prompt);
      const found = boxes.map(({ words }) => locateWords(encoding, words));
      expect(found.every(({ occurrences }) => occurrences === 1)).toBe(true);
      expect(encoding.lost).toBe("");
    }
  });

  it("flags exactly the triples with a combination kept out of training", () => {
    for (const { boxes, unseen } of all) {
      const solids = COLOURS.flatMap((colour) => SOLIDS.map((solid) => ({ colour, solid })));
      const colours = solids.filter(({ colour, solid }) =>
        boxes.some((box) => box.colour === colour && box.noun === solid),
      );
      const [a, b] = boxes;
      const pair = a && b ? isHeldOut({ nouns: [a.noun, b.noun] }) : false;
      expect(pair || colours.some(isHeldOut)).toBe(unseen);
    }
  });
});
