// Graphs as text: one line per value, the same text for the same graph, so that tests can pin it.

import { BYTES } from "../core/dtype.js";
import type { HostTensor } from "../core/tensor.js";
import { isOp, liveValues } from "./graph.js";
import type { Graph, Value } from "./graph.js";

/** Constants up to this many elements are printed whole. */
const ELEMENTS_SHOWN = 8;

/**
 * The live part of a graph and its declared inputs, numbered in order, then the outputs.
 *
 * ```
 * %0 = Input(x) : float32 [2, 3]
 * %1 = Constant(0.5) : float32 []
 * %2 = Mul(%0, %1) : float32 [2, 3]
 * return y = %2
 * ```
 */
export function printGraph(graph: Graph): string {
  const live = new Set(liveValues(graph).map(({ id }) => id));
  const values = graph.values.filter((value) => value.op === "Input" || live.has(value.id));
  const numbers = new Map(values.map((value, i) => [value.id, `%${i}`]));
  const lines = values.map((value) => `${numbers.get(value.id)} = ${printValue(value, numbers)}`);
  const outputs = [...graph.outputs].map(([name, value]) => `${name} = ${numbers.get(value.id)}`);
  return [...lines, `return ${outputs.join(", ")}`].join("\n");
}

function printValue(value: Value, numbers: ReadonlyMap<number, string>): string {
  const type = `${value.dtype} [${value.shape.join(", ")}]`;
  const inputs = value.inputs.map((input) => numbers.get(input.id)).join(", ");
  return `${value.op}(${printSource(value) ?? inputs})${printAttributes(value)} : ${type}`;
}

/** What stands in the parentheses of a value without inputs. */
function printSource(value: Value): string | undefined {
  if (isOp(value, "Input")) return value.attributes.name;
  if (isOp(value, "Constant")) return printConstant(value.attributes.value);
  if (!isOp(value, "External")) return undefined;
  const { file, offset } = value.attributes.location;
  // The folder depends on the machine.
  return `${file.split(/[/\\]/).at(-1)} from ${offset}`;
}

function printConstant({ dtype, data }: HostTensor): string {
  if (data.length <= ELEMENTS_SHOWN)
    return Array.from<unknown, string>(data, printNumber).join(", ");
  return `${data.length} elements, ${data.length * BYTES[dtype]} bytes, #${digest(data)}`;
}

const printNumber = (x: unknown): string => (Object.is(x, -0) ? "-0" : String(x));

/** FNV-1a of the bytes, 8 hexadecimal digits. */
function digest({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

function printAttributes(value: Value): string {
  if (value.inputs.length === 0) return "";
  const parts = Object.entries(value.attributes as Record<string, unknown>).map(
    ([name, attribute]) =>
      `${name}=${Array.isArray(attribute) ? `[${attribute.join(", ")}]` : String(attribute)}`,
  );
  return parts.length === 0 ? "" : ` {${parts.join(", ")}}`;
}
