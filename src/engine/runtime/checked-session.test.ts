import { describe, expect, it } from "vitest";
import { floats } from "../../core/tensor.js";
import { add, neg } from "../functions.js";
import { Graph } from "../graph.js";
import { checkedSession } from "./checked-session.js";

/** Inputs whole [8] and part [2], outputs first and second [2]; runs give nothing. */
function session() {
  const graph = new Graph();
  graph.input("whole", "float32", [8]);
  const part = graph.input("part", "float32", [2]);
  graph.output("first", neg(part));
  graph.output("second", add(part, part));
  return checkedSession(graph, {
    run: () => Promise.resolve({}),
    release: () => Promise.resolve(),
  });
}

const memory = new Float32Array(16);
const at = (start: number, size = 2) => floats([size], memory.subarray(start, start + size));
const feeds = { whole: at(4, 8), part: at(4) };

describe("the memory of results", () => {
  it("may lie beside that of feeds, which may share theirs", async () => {
    await session().run(feeds, { first: at(2), second: at(12) });
    await session().run(feeds, { second: at(0), first: at(14) });
  });

  it("must not lie in a feed, also behind a shorter one that begins with it", async () => {
    const run = session().run(feeds, { first: at(9) });
    await expect(run).rejects.toThrow(
      "output first: expected memory of its own, got that of input whole",
    );
  });

  it("must not hold the beginning of a feed", async () => {
    const run = session().run(feeds, { second: at(3) });
    await expect(run).rejects.toThrow(/output second: .* got that of input (whole|part)/);
  });

  it("must not be that of another result", async () => {
    const run = session().run(feeds, { first: at(0), second: at(1) });
    await expect(run).rejects.toThrow(
      "output second: expected memory of its own, got that of first",
    );
  });
});
