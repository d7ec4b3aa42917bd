// A runtime's contract: what it refuses, where it writes results, and how a session ends.

import { floats, integers, zeros } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { doubling, expectRejection, expectSame, square, withSession } from "./contract-case.js";
import type { ContractCase } from "./contract-case.js";
import type { Session, Tensors } from "./session.js";

const x = square(1, 2, 3, 4);

/** A case that runs the doubling graph. */
function onDoubling(name: string, use: (session: Session) => Promise<void>): ContractCase {
  return { name, check: (runtime) => withSession(runtime, doubling(), use) };
}

/** A case of a request that must be refused with `words`, after which the session still runs. */
function refuses(what: string, feeds: Tensors, results: Tensors, ...words: string[]): ContractCase {
  return onDoubling(`refuses ${what}, by name`, async (session) => {
    await expectRejection(session.run(feeds, results), ...words);
    const { total } = await session.run({ x });
    expectSame("total after a refusal", total!.data, "10");
  });
}

const pair = new Float32Array(6);
const twice = floats([2, 2], pair.subarray(0, 4));
const overlapping = floats([2, 2], pair.subarray(2, 6));

const refusals: readonly ContractCase[] = [
  refuses("a missing input", {}, {}, "input x", "missing"),
  refuses("an unknown input", { x, z: x }, {}, "unknown input z", "expected x"),
  refuses(
    "an input of another element type",
    { x: integers([2, 2], [1, 2, 3, 4]) },
    {},
    "input x",
    "float32",
    "int64",
  ),
  refuses(
    "an input of another shape",
    { x: floats([4], [1, 2, 3, 4]) },
    {},
    "input x",
    "2x2",
    "got float32 4",
  ),
  refuses("an unknown result", { x }, { triple: square(0, 0, 0, 0) }, "unknown output triple"),
  refuses(
    "a result of another shape",
    { x },
    { total: square(0, 0, 0, 0) },
    "output total",
    "scalar",
    "2x2",
  ),
  refuses("a result in the memory of an input", { x }, { double: x }, "output double", "input x"),
  refuses(
    "a result that overlaps an input",
    { x: twice },
    { double: overlapping },
    "output double",
    "input x",
  ),
];

const places: readonly ContractCase[] = [
  onDoubling("writes results in place where they are given", async (session) => {
    const double: HostTensor = zeros("float32", [2, 2]);
    const outputs = await session.run({ x }, { double });
    expectSame("same tensor", outputs.double, double);
    expectSame("double", double.data, "2,4,6,8");
    expectSame("total", outputs.total!.data, "10");
    await session.run({ x: square(0, 0, 1, 0) }, { double });
    expectSame("double, written again", double.data, "0,0,2,0");
  }),
  onDoubling("writes into a part of a larger array", async (session) => {
    const memory = new Float32Array(8).fill(7);
    await session.run({ x }, { double: floats([2, 2], memory.subarray(1, 5)) });
    expectSame("memory", memory, "7,2,4,6,8,7,7,7");
  }),
  onDoubling("feeds results back with two sets of memory used in turn", async (session) => {
    const sets = [square(1, 0, 0, -1), zeros("float32", [2, 2])] as const;
    for (let step = 0; step < 5; step++) {
      await session.run({ x: sets[step % 2]! }, { double: sets[(step + 1) % 2]! });
    }
    expectSame("after five steps", sets[1].data, "32,0,0,-32");
  }),
];

const endings: readonly ContractCase[] = [
  onDoubling("refuses to run when its signal was aborted before", async (session) => {
    const double: HostTensor = zeros("float32", [2, 2]);
    const signal = AbortSignal.abort(new Error("no longer wanted"));
    await expectRejection(session.run({ x }, { double }, signal), "no longer wanted");
    const { total } = await session.run({ x });
    expectSame("total", total!.data, "10");
    expectSame("untouched result", double.data, "0,0,0,0");
  }),
  onDoubling("refuses to run after its release, which may be asked for twice", async (session) => {
    await session.run({ x });
    await session.release();
    await expectRejection(session.run({ x }), "released");
    await session.release();
  }),
];

export const requestCases: readonly ContractCase[] = [...refusals, ...places, ...endings];
