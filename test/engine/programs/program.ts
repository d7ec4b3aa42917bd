// Small graphs as data: what TypeScript draws from a seed, and PyTorch runs too.

import { integers } from "../../../src/core/tensor.js";
import * as f from "../../../src/engine/functions.js";
import { gradient } from "../../../src/engine/gradient.js";
import { Graph } from "../../../src/engine/graph.js";
import type { Value } from "../../../src/engine/graph.js";
import { COTANGENT_SEED, fill } from "../inputs.js";
import type { HostTensor } from "../../../src/core/tensor.js";

type Sides = [number, number, number, number];

/** Parameters of each step's kind, after the numbers of its operands. */
export interface StepParameters {
  input: [shape: number[]];
  neg: [];
  exp: [];
  log: [];
  sqrt: [];
  reciprocal: [];
  erf: [];
  sin: [];
  cos: [];
  sigmoid: [];
  tanh: [];
  relu: [];
  abs: [];
  silu: [];
  gelu: [];
  add: [];
  sub: [];
  mul: [];
  div: [];
  pow: [];
  maximum: [];
  minimum: [];
  /** Operands a, b, c, d: c where a < b, else d. */
  choose: [];
  sum: [axes: number[], keep: boolean];
  mean: [axes: number[], keep: boolean];
  max: [axes: number[], keep: boolean];
  reshape: [shape: number[]];
  transpose: [perm: number[]];
  concat: [axis: number];
  slice: [axis: number, start: number, end: number];
  pad: [before: number[], after: number[]];
  expand: [shape: number[]];
  gather: [indices: number[], axis: number];
  scatterAdd: [indices: number[], axis: number, size: number];
  matmul: [transA: boolean, transB: boolean];
  softmax: [];
  attention: [heads: number, scale: number];
  conv2d: [stride: number, padding: Sides, groups: number];
  convTranspose2d: [stride: number, padding: Sides, groups: number, size: [number, number]];
}

export type StepKind = keyof StepParameters;

/** One value of a program: its kind, the numbers of earlier values, parameters. */
export type Step = {
  [K in StepKind]: readonly [kind: K, operands: readonly number[], ...StepParameters[K]];
}[StepKind];

export type Program = readonly Step[];

type Build<K extends StepKind> = (operands: Value[], ...parameters: StepParameters[K]) => Value;

const one =
  (op: (x: Value) => Value) =>
  ([x]: Value[]): Value =>
    op(x!);

const two =
  (op: (a: Value, b: Value) => Value) =>
  ([a, b]: Value[]): Value =>
    op(a!, b!);

const constant = (x: Value, indices: number[]): Value =>
  x.graph.constant(integers([indices.length], indices));

const builders: { readonly [K in Exclude<StepKind, "input">]: Build<K> } = {
  neg: one(f.neg),
  exp: one(f.exp),
  log: one(f.log),
  sqrt: one(f.sqrt),
  reciprocal: one(f.reciprocal),
  erf: one(f.erf),
  sin: one(f.sin),
  cos: one(f.cos),
  sigmoid: one(f.sigmoid),
  tanh: one(f.tanh),
  relu: one(f.relu),
  abs: one(f.abs),
  silu: one(f.silu),
  gelu: one(f.gelu),
  add: two(f.add),
  sub: two(f.sub),
  mul: two(f.mul),
  div: two(f.div),
  pow: two(f.pow),
  maximum: two(f.maximum),
  minimum: two(f.minimum),
  choose: ([a, b, c, d]) => f.where(f.less(a!, b!), c!, d!),
  sum: ([x], axes, keepDims) => f.sum(x!, { axes, keepDims }),
  mean: ([x], axes, keepDims) => f.mean(x!, { axes, keepDims }),
  max: ([x], axes, keepDims) => f.max(x!, { axes, keepDims }),
  reshape: ([x], shape) => f.reshape(x!, shape),
  transpose: ([x], perm) => f.transpose(x!, perm),
  concat: (parts, axis) => f.concat(parts, axis),
  slice: ([x], axis, start, end) => f.slice(x!, axis, start, end),
  pad: ([x], before, after) => f.pad(x!, before, after),
  expand: ([x], shape) => f.expand(x!, shape),
  gather: ([x], indices, axis) => f.gather(x!, constant(x!, indices), axis),
  scatterAdd: ([x], indices, axis, size) => f.scatterAdd(x!, constant(x!, indices), axis, size),
  matmul: ([a, b], transA, transB) => f.matmul(a!, b!, { transA, transB }),
  softmax: one(f.softmax),
  attention: ([q, k, v], heads, scale) => f.attention(q!, k!, v!, { heads, scale }),
  conv2d: ([x, w], stride, padding, groups) => f.conv2d(x!, w!, { stride, padding, groups }),
  convTranspose2d: ([y, w], stride, padding, groups, outputSize) =>
    f.convTranspose2d(y!, w!, { stride, padding, groups, outputSize }),
};

/** The values of a program in a new graph; the input of step n is named `xn`. */
export function valuesOf(program: Program): Value[] {
  const graph = new Graph();
  const values: Value[] = [];
  program.forEach(([kind, operands, ...parameters], n) => {
    if (kind === "input") {
      values.push(graph.input(`x${n}`, "float32", parameters[0] as number[]));
      return;
    }
    const build = builders[kind] as (operands: Value[], ...parameters: unknown[]) => Value;
    values.push(
      build(
        operands.map((i) => values[i]!),
        ...parameters,
      ),
    );
  });
  return values;
}

/** Numbers of the steps that no other step reads. */
export function sinksOf(program: Program): number[] {
  const read = new Set(program.flatMap(([, operands]) => operands));
  return program.flatMap((_, n) => (read.has(n) ? [] : [n]));
}

/** Output `loss`, the sum over what no step reads of its mean under fixed factors, and `d xn` for each input. */
export function programGraph(program: Program): Graph {
  const values = valuesOf(program);
  const { graph } = values[0]!;
  const parts = sinksOf(program).map((n) => {
    const { shape } = values[n]!;
    return f.mean(f.mul(values[n]!, graph.constant(fill({ shape, kind: "any" }, COTANGENT_SEED))));
  });
  const loss = parts.reduce((total, part) => f.add(total, part));
  const inputs = [...graph.inputs];
  const gradients = gradient(
    loss,
    inputs.map(([, value]) => value),
  );
  graph.output("loss", loss);
  inputs.forEach(([name], i) => graph.output(`d ${name}`, gradients[i]!));
  return graph;
}

/** Feeds of the inputs, by the formula with the step's number, from 1, as seed. */
export function programFeeds(program: Program): Record<string, HostTensor> {
  const feeds: Record<string, HostTensor> = {};
  program.forEach(([kind, , shape], n) => {
    if (kind === "input") feeds[`x${n}`] = fill({ shape, kind: "any" }, n + 1);
  });
  return feeds;
}
