// Operators that move elements, as the ONNX operator text defines them.

import { sizeOf } from "../../src/core/shape.js";
import { broadcastAt, build, elementAt, indicesOf, offsetOf } from "./tensor.js";
import type { Reference } from "./tensor.js";
import type { ReferenceTable } from "./index.js";

type ShapeOp =
  "Reshape" | "Transpose" | "Concat" | "Slice" | "Pad" | "Expand" | "Gather" | "ScatterAdd";

/** The part that holds `position` of the concatenated axis, and the position in it. */
function locate(parts: readonly Reference[], axis: number, position: number): [Reference, number] {
  let rest = position;
  for (const part of parts) {
    if (rest < part.shape[axis]!) return [part, rest];
    rest -= part.shape[axis]!;
  }
  throw new Error(`locate: position ${position} is behind the last part`);
}

/** An index, with negative ones counted from the end, as ONNX allows. */
function wrapped(index: number, extent: number): number {
  return index < 0 ? index + extent : index;
}

function scatterAdd(
  updates: Reference,
  indices: Reference,
  axis: number,
  shape: readonly number[],
): Reference {
  const data = new Float64Array(sizeOf(shape));
  const picked = indices.shape.length;
  for (const index of indicesOf(updates.shape)) {
    const at = wrapped(elementAt(indices, index.slice(axis, axis + picked)), shape[axis]!);
    const to = [...index.slice(0, axis), at, ...index.slice(axis + picked)];
    data[offsetOf(shape, to)]! += elementAt(updates, index);
  }
  return { dtype: updates.dtype, shape, data };
}

export const shapeReference: ReferenceTable<ShapeOp> = {
  Reshape: ({ attributes: { shape } }, [x]) => ({ ...x!, shape }),
  Transpose: ({ attributes: { perm } }, [x]) =>
    build(
      x!.dtype,
      perm.map((axis) => x!.shape[axis]!),
      (index) =>
        elementAt(
          x!,
          x!.shape.map((_, axis) => index[perm.indexOf(axis)]!),
        ),
    ),
  Concat: ({ attributes: { axis }, shape, dtype }, parts) =>
    build(dtype, shape, (index) => {
      const [part, position] = locate(parts, axis, index[axis]!);
      return elementAt(part, index.with(axis, position));
    }),
  Slice: ({ attributes: { axis, start, end } }, [x]) =>
    build(x!.dtype, x!.shape.with(axis, end - start), (index) =>
      elementAt(x!, index.with(axis, index[axis]! + start)),
    ),
  Pad: ({ attributes: { before, after } }, [x]) =>
    build(
      x!.dtype,
      x!.shape.map((extent, axis) => before[axis]! + extent + after[axis]!),
      (index) => {
        const source = index.map((i, axis) => i - before[axis]!);
        const inside = source.every((i, axis) => i >= 0 && i < x!.shape[axis]!);
        return inside ? elementAt(x!, source) : 0;
      },
    ),
  Expand: ({ attributes: { shape } }, [x]) =>
    build(x!.dtype, shape, (index) => broadcastAt(x!, index)),
  Gather: ({ attributes: { axis }, shape }, [x, indices]) =>
    build(x!.dtype, shape, (index) => {
      const picked = index.slice(axis, axis + indices!.shape.length);
      const at = wrapped(elementAt(indices!, picked), x!.shape[axis]!);
      const rest = index.slice(axis + indices!.shape.length);
      return elementAt(x!, [...index.slice(0, axis), at, ...rest]);
    }),
  ScatterAdd: ({ attributes: { axis }, shape }, [updates, indices]) =>
    scatterAdd(updates!, indices!, axis, shape),
};
