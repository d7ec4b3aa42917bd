// What WebGPU has no kernel for, or none that is exact, in operators that it runs well.

import { tensor } from "../../core/tensor.js";
import { sizeOf } from "../../core/shape.js";
import { abs, add, cast, equal, less, matmul, mul, reshape, sub, where } from "../functions.js";
import { isOp } from "../graph.js";
import type { Value } from "../graph.js";
import type { RewriteRule } from "../rewrite.js";
import { byColumns, convolutionsToProducts } from "./convolution.js";

/** π in three parts, the first two short enough that their products with whole numbers are exact. */
const PI_PARTS = [3.140625, 9.67502593994140625e-4, 1.509957990978376e-7];
/** sin r = r + Σ c r^(2k+1): Taylor's, within 6e-8 for |r| up to π/2. */
const SINE = [-1 / 6, 1 / 120, -1 / 5040, 1 / 362880, -1 / 39916800];

/** The whole number next to x, halves away from zero; |x| below 2^31. */
function round(x: Value): Value {
  return cast(cast(add(x, where(less(x, 0), -0.5, 0.5)), "int32"), "float32");
}

/** 1 for even whole numbers, -1 for odd ones. */
function parity(n: Value): Value {
  const half = cast(cast(mul(n, 0.5), "int32"), "float32");
  return sub(1, mul(abs(sub(n, mul(half, 2))), 2));
}

/** sin(x + quarter π/2) for quarter 0 or 1: a device's own sine may be off by 2^-11, and by more far out. */
function sine(x: Value, quarter: 0 | 1): Value {
  const n = round(sub(mul(x, 1 / Math.PI), quarter / 2));
  const turns = add(n, quarter / 2);
  const r = PI_PARTS.reduce((rest, part) => sub(rest, mul(turns, part)), x);
  const square = mul(r, r);
  const series = SINE.reduceRight<Value>(
    (sum, coefficient) => mul(square, add(sum, coefficient)),
    mul(square, 0),
  );
  return mul(mul(parity(n), quarter === 1 ? -1 : 1), add(r, mul(r, series)));
}

/** Added up as a product with the matrix of ones where an update lands, [size, updates]. */
function scatteredByProduct(
  updates: Value,
  indices: Value,
  { axis, size }: { axis: number; size: number },
): Value {
  const count = sizeOf(indices.shape);
  const outer = sizeOf(updates.shape.slice(0, axis));
  const inner = sizeOf(updates.shape) / (outer * count);
  const rows = tensor(
    "int32",
    [size, 1],
    Int32Array.from({ length: size }, (_, row) => row),
  );
  // Only Gather reads int64 there; the cast itself stays on the host, where indices come from.
  const columns = reshape(cast(indices, "int32"), [1, count]);
  const lands = cast(equal(indices.graph.constant(rows), columns), "float32");
  const added = matmul(lands, reshape(updates, [outer, count, inner]));
  const rest = updates.shape.slice(axis + indices.shape.length);
  return reshape(added, [...updates.shape.slice(0, axis), size, ...rest]);
}

const toColumns = convolutionsToProducts(byColumns);

/** WebGPU's ConvTranspose gives wrong sums when it has groups. */
export const groupedAdjointsToColumns: RewriteRule = (value, inputs, target) =>
  isOp(value, "Conv2dInputGradient") && value.attributes.groups > 1
    ? toColumns(value, inputs, target)
    : undefined;

/** Rewrites sines, signs and scattered sums for WebGPU. */
export const forWebGpu: RewriteRule = (value, inputs) => {
  const [a, b] = inputs as [Value, Value];
  if (isOp(value, "Sin")) return sine(a, 0);
  if (isOp(value, "Cos")) return sine(a, 1);
  if (isOp(value, "Sign")) return sub(cast(less(0, a), "float32"), cast(less(a, 0), "float32"));
  if (isOp(value, "ScatterAdd")) return scatteredByProduct(a, b, value.attributes);
  return undefined;
};
