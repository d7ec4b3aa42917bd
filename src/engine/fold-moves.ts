// Folding of the operators that move elements, whatever their type.

import { sizeOf, stridesOf } from "../core/shape.js";
import type { Shape } from "../core/shape.js";
import { tensor, zeros } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import { isOp } from "./graph.js";
import type { Value } from "./graph.js";
import type { Fold } from "./fold.js";

type Move = "Reshape" | "Transpose" | "Concat" | "Slice" | "Pad" | "Expand" | "Gather";

/** A tensor of `shape` whose element at each index list is that of `x` at `source`, or 0 where that is undefined. */
function moved(
  x: HostTensor,
  shape: Shape,
  source: (index: readonly number[]) => readonly number[] | undefined,
): HostTensor {
  const result = zeros(x.dtype, shape);
  const strides = stridesOf(shape);
  const from = stridesOf(x.shape);
  for (let position = 0; position < result.data.length; position++) {
    const index = strides.map((stride, axis) => Math.floor(position / stride) % shape[axis]!);
    const at = source(index);
    if (at) result.data[position] = x.data[at.reduce((sum, i, axis) => sum + i * from[axis]!, 0)]!;
  }
  return result;
}

function concatenated(parts: readonly HostTensor[], axis: number, value: Value): HostTensor {
  const result = zeros(value.dtype, value.shape);
  const width = sizeOf(value.shape.slice(axis));
  let start = 0;
  for (const { shape, data } of parts) {
    const chunk = sizeOf(shape.slice(axis));
    for (let i = 0; i < data.length; i++) {
      result.data[Math.floor(i / chunk) * width + start + (i % chunk)] = data[i]!;
    }
    start += chunk;
  }
  return result;
}

function picked(x: HostTensor, indices: HostTensor, axis: number, shape: Shape): HostTensor {
  const rank = indices.shape.length;
  const strides = stridesOf(indices.shape);
  return moved(x, shape, (index) => {
    const at = index
      .slice(axis, axis + rank)
      .reduce((sum, i, dimension) => sum + i * strides[dimension]!, 0);
    const entry = Number(indices.data[at]);
    const row = entry < 0 ? entry + x.shape[axis]! : entry;
    return [...index.slice(0, axis), row, ...index.slice(axis + rank)];
  });
}

/** Wraps a rule for one operator: values of others are not folded. */
function rule<K extends Move>(
  op: K,
  fold: (value: Value<K>, inputs: readonly HostTensor[]) => HostTensor,
): Fold {
  return (value, inputs) => (isOp(value, op) ? fold(value, inputs) : undefined);
}

export const moves: Readonly<Record<Move, Fold>> = {
  Reshape: rule("Reshape", ({ shape }, [x]) => tensor(x!.dtype, shape, x!.data)),
  Transpose: rule("Transpose", ({ shape, attributes: { perm } }, [x]) =>
    moved(x!, shape, (index) => perm.map((_, axis) => index[perm.indexOf(axis)]!)),
  ),
  Concat: rule("Concat", (value, parts) => concatenated(parts, value.attributes.axis, value)),
  Slice: rule("Slice", ({ shape, attributes: { axis, start } }, [x]) =>
    moved(x!, shape, (index) => index.with(axis, index[axis]! + start)),
  ),
  Pad: rule("Pad", ({ shape, attributes: { before } }, [x]) =>
    moved(x!, shape, (index) => {
      const at = index.map((i, axis) => i - before[axis]!);
      return at.every((i, axis) => i >= 0 && i < x!.shape[axis]!) ? at : undefined;
    }),
  ),
  Expand: rule("Expand", ({ shape }, [x]) => {
    const lead = shape.length - x!.shape.length;
    return moved(x!, shape, (index) =>
      x!.shape.map((extent, axis) => (extent === 1 ? 0 : index[axis + lead]!)),
    );
  }),
  Gather: rule("Gather", ({ shape, attributes: { axis } }, [x, indices]) =>
    picked(x!, indices!, axis, shape),
  ),
};
