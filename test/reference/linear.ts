// Matrix products, softmax and multi-head attention, as the ONNX and com.microsoft operator texts define them.

import { broadcastAt, build, elementAt } from "./tensor.js";
import type { Reference } from "./tensor.js";
import type { ReferenceTable } from "./index.js";

/** e^x / Σ e^x of one row; the maximum is taken off first, which changes nothing but overflow. */
export function softmaxRow(row: readonly number[]): number[] {
  const most = Math.max(...row);
  const powers = row.map((x) => Math.exp(x - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Element of a batch of matrices; leading axes broadcast, and a turned matrix is read at [column, row]. */
function matrixAt(
  x: Reference,
  batch: number[],
  row: number,
  column: number,
  turned: boolean,
): number {
  return broadcastAt(x, [...batch, ...(turned ? [column, row] : [row, column])]);
}

function attend(
  [q, k, v]: readonly Reference[],
  { heads, scale }: { heads: number; scale: number },
): Reference {
  const width = q!.shape[2]! / heads;
  const valueWidth = v!.shape[2]! / heads;
  const shape = [q!.shape[0]!, q!.shape[1]!, v!.shape[2]!];
  const maps = new Map<string, number[]>();
  const map = (n: number, head: number, query: number): number[] => {
    const key = `${n} ${head} ${query}`;
    const known = maps.get(key);
    if (known) return known;
    const scores = range(k!.shape[1]!).map((token) =>
      range(width).reduce((total, d) => {
        const channel = head * width + d;
        return total + elementAt(q!, [n, query, channel]) * elementAt(k!, [n, token, channel]);
      }, 0),
    );
    const row = softmaxRow(scores.map((score) => score * scale));
    maps.set(key, row);
    return row;
  };
  return build(q!.dtype, shape, ([n, query, channel]) => {
    const row = map(n!, Math.floor(channel! / valueWidth), query!);
    return row.reduce(
      (total, weight, token) => total + weight * elementAt(v!, [n!, token, channel!]),
      0,
    );
  });
}

export const linearReference: ReferenceTable<"MatMul" | "Softmax" | "Attention"> = {
  MatMul: ({ attributes: { transA, transB }, shape }, [a, b]) => {
    const inner = a!.shape.at(transA ? -2 : -1)!;
    return build(a!.dtype, shape, (index) => {
      const [row, column] = index.slice(-2) as [number, number];
      const batch = index.slice(0, -2);
      return range(inner).reduce(
        (total, i) =>
          total + matrixAt(a!, batch, row, i, transA) * matrixAt(b!, batch, i, column, transB),
        0,
      );
    });
  },
  Softmax: (_, [x]) => {
    const width = x!.shape.at(-1) ?? 1;
    const data = new Float64Array(x!.data.length);
    for (let start = 0; start < data.length; start += width) {
      data.set(softmaxRow([...x!.data.subarray(start, start + width)]), start);
    }
    return { ...x!, data };
  },
  Attention: ({ attributes }, inputs) => attend(inputs, attributes),
};
