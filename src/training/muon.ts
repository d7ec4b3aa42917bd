// Muon (Jordan et al. 2024, kellerjordan.github.io/posts/muon) as graph values: the momentum of a matrix, made
// orthogonal. The factor of the rate is that of Moonlight (Liu et al. 2025, arXiv 2502.16982), so that AdamW's rates
// serve both. Same arithmetic as torch.optim.Muon with adjust_lr_fn="match_rms_adamw", in float32.

import { sizeOf } from "../core/shape.js";
import { add, div, matmul, mul, reshape, sqrt, sub, sum } from "../engine/functions.js";
import type { Value } from "../engine/graph.js";
import { graphShape } from "../nn/weights.js";
import type { WeightSpec } from "../nn/weights.js";

/** The coefficients of the quintic a x + b x³ + c x⁵, chosen for a steep slope at 0. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;
const EPSILON = 1e-7;

/** The first and the last layer and tables are left to AdamW, as the method's author advises. */
const OUTER = /(^|\.)conv_(in|out)\.weight$/;

/** Whether Muon takes a weight: the matrices and kernels inside a network. */
export function takenByMuon({ role, name }: Pick<WeightSpec, "role" | "name">): boolean {
  return (role === "linear" || role === "convolution") && !OUTER.test(name);
}

/** Rows and columns of a weight as a matrix in the graph's layout: what it reads by what it makes. */
export function matrixShape(spec: Pick<WeightSpec, "role" | "shape">): [number, number] {
  const shape = graphShape(spec);
  const columns = shape.at(-1)!;
  return [sizeOf(shape) / columns, columns];
}

/** A matrix [r, c] with its singular values brought near 1, by five Newton-Schulz iterations on its shorter side. */
export function orthogonalise(matrix: Value): Value {
  const [rows, columns] = matrix.shape as [number, number];
  const wide = rows <= columns;
  const norm = sqrt(sum(mul(matrix, matrix)));
  let x = div(matrix, add(norm, EPSILON));
  for (let i = 0; i < ITERATIONS; i++) {
    const gram = matmul(x, x, wide ? { transB: true } : { transA: true });
    const polynomial = add(mul(gram, B), mul(matmul(gram, gram), C));
    x = add(mul(x, A), wide ? matmul(polynomial, x) : matmul(x, polynomial));
  }
  return x;
}

/**
 * What Muon subtracts from a weight per unit of learning rate, flat like `gradient` and `momentum`.
 *
 * @param gradient - the clipped gradient
 * @param momentum - its moving average with decay β, this step's gradient included; Nesterov's form
 *   (1 - β) g + β m is orthogonalised
 */
export function muonChange(
  spec: Pick<WeightSpec, "role" | "shape">,
  gradient: Value,
  momentum: Value,
  beta: number,
): Value {
  const [rows, columns] = matrixShape(spec);
  const ahead = add(gradient, mul(sub(momentum, gradient), beta));
  const orthogonal = orthogonalise(reshape(ahead, [rows, columns]));
  return reshape(mul(orthogonal, 0.2 * Math.sqrt(Math.max(rows, columns))), [rows * columns]);
}
