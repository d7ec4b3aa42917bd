// A runtime's contract: which values become inputs, outputs and constants, and of which types.

import { floats, integers, tensor } from "../../core/tensor.js";
import { add, cast, mul, sub } from "../functions.js";
import { Graph } from "../graph.js";
import { doubling, expectRejection, expectSame, square, withSession } from "./contract-case.js";
import type { ContractCase } from "./contract-case.js";
import type { Tensors } from "./session.js";

const STORED = [1.5, -2, 0.25, 8];
const STORED_HALVES = Uint16Array.of(0x3c00, 0xc000); // 1 and -2
const STORED_OFFSET = 8;

/** The bytes of the external constants: 8 that mean nothing, four float32, two float16. */
export const contractFile: Uint8Array<ArrayBuffer> = new Uint8Array([
  ...new Array<number>(STORED_OFFSET).fill(0xff),
  ...new Uint8Array(Float32Array.from(STORED).buffer),
  ...new Uint8Array(STORED_HALVES.buffer),
]);

export const valueCases: readonly ContractCase[] = [
  {
    name: "gives one value as two outputs",
    async check(runtime) {
      const graph = new Graph();
      const y = add(graph.input("x", "float32", [2, 2]), 1);
      graph.output("first", y);
      graph.output("second", y);
      await withSession(runtime, graph, async (session) => {
        const second = square(0, 0, 0, 0);
        const outputs = await session.run({ x: square(1, 2, 3, 4) }, { second });
        expectSame("first", outputs.first!.data, "2,3,4,5");
        expectSame("second", second.data, "2,3,4,5");
      });
    },
  },
  {
    name: "gives an input and a constant as outputs",
    async check(runtime) {
      const graph = new Graph();
      const x = graph.input("x", "float32", [2, 2]);
      graph.output("same", x);
      graph.output("fixed", graph.constant(floats([3], [4, 5, 6])));
      await withSession(runtime, graph, async (session) => {
        const outputs = await session.run({ x: square(1, 2, 3, 4) });
        expectSame("same", outputs.same!.data, "1,2,3,4");
        expectSame("fixed", outputs.fixed!.data, "4,5,6");
      });
    },
  },
  {
    name: "takes an input that nothing reads",
    async check(runtime) {
      const graph = doubling();
      graph.input("unread", "int64", [2]);
      await withSession(runtime, graph, async (session) => {
        const { total } = await session.run({
          x: square(1, 2, 3, 4),
          unread: integers([2], [5, 6]),
        });
        expectSame("total", total!.data, "10");
        await expectRejection(session.run({ x: square(1, 2, 3, 4) }), "unread", "missing");
      });
    },
  },
  {
    name: "carries every element type",
    async check(runtime) {
      const graph = new Graph();
      const feeds: Tensors = {
        float16: tensor("float16", [2], Uint16Array.of(0x3c00, 0xc000)),
        int64: integers([2], [2 ** 40 + 1, -7]),
        int32: tensor("int32", [2], Int32Array.of(1 << 30, -9)),
        uint8: tensor("uint8", [3], Uint8Array.of(0, 7, 255)),
        bool: tensor("bool", [2], Uint8Array.of(1, 0)),
      };
      for (const [name, { dtype, shape }] of Object.entries(feeds)) {
        graph.output(`out ${name}`, graph.input(name, dtype, shape));
      }
      const choice = cast(graph.inputs.get("bool")!, "float32");
      graph.output("choice", sub(choice, 0.5));
      await withSession(runtime, graph, async (session) => {
        const outputs = await session.run(feeds);
        for (const [name, { dtype, data }] of Object.entries(feeds)) {
          expectSame(`${name}, type`, outputs[`out ${name}`]!.dtype, dtype);
          expectSame(name, outputs[`out ${name}`]!.data, data);
        }
        expectSame("choice", outputs.choice!.data, "0.5,-0.5");
      });
    },
  },
  {
    name: "reads external constants at their offsets",
    async check(runtime, file) {
      const graph = new Graph();
      const byteLength = 4 * STORED.length;
      const stored = graph.external("float32", [4], { file, offset: STORED_OFFSET, byteLength });
      const offset = STORED_OFFSET + byteLength;
      const halves = graph.external("float16", [2], { file, offset, byteLength: 4 });
      graph.output("stored", stored);
      graph.output("sums", add(stored, graph.input("x", "float32", [4])));
      graph.output("halves", mul(cast(halves, "float32"), 2));
      await withSession(runtime, graph, async (session) => {
        const outputs = await session.run({ x: floats([4], [1, 1, 1, 1]) });
        expectSame("stored", outputs.stored!.data, STORED.join());
        expectSame("sums", outputs.sums!.data, "2.5,-1,1.25,9");
        expectSame("halves", outputs.halves!.data, "2,-4");
      });
    },
  },
];
