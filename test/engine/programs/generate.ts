// Draws a program from a seed, keeping only steps whose results can be compared between two precisions.

import { sizeOf } from "../../../src/core/shape.js";
import { evaluate } from "../../reference/index.js";
import type { Reference } from "../../reference/tensor.js";
import { bits } from "../inputs.js";
import { programFeeds, valuesOf } from "./program.js";
import type { Program, Step, StepKind } from "./program.js";
import { proposals } from "./proposals.js";
import type { Draw } from "./proposals.js";

const MOST_ELEMENTS = 48;
const MOST_MAGNITUDE = 20;
/** How far a value keeps from where a slope jumps, or from where a function ends. */
const MARGIN = 0.02;

const STARTS = [[2, 3], [4], [2, 2, 4], [1, 3, 4, 2], [1, 4, 4, 2], [2, 3, 2]];
const KINDS = Object.keys(proposals) as (keyof typeof proposals)[];
/** Kinds that need a picture are rarer to fit, and worth more. */
const WEIGHTED = [...KINDS, ...Array<"conv2d" | "matmul">(3).fill("conv2d"), "matmul" as const];

/** The results of all steps, computed by the interpreter. */
function resultsOf(program: Program): Reference[] {
  const values = valuesOf(program);
  const { graph } = values[0]!;
  values.forEach((value, n) => graph.output(`y${n}`, value));
  const results = evaluate(graph, programFeeds(program));
  return values.map((_, n) => results[`y${n}`]!);
}

const least = ({ data }: Reference, f: (x: number) => number): number => Math.min(...data.map(f));

type Check = (
  operands: readonly number[],
  program: Program,
  results: readonly Reference[],
) => boolean;

const apart: Check = ([a, b], program) =>
  least(resultsOf([...program, ["sub", [a!, b!]]]).at(-1)!, Math.abs) > MARGIN;

/** By kind, whether no operand is near a place where the function jumps, bends or ends. */
const smooth: { readonly [K in StepKind]?: Check } = {
  log: ([x], _, results) => least(results[x!]!, (e) => e) > 10 * MARGIN,
  sqrt: ([x], _, results) => least(results[x!]!, (e) => e) > 10 * MARGIN,
  reciprocal: ([x], _, results) => least(results[x!]!, Math.abs) > 10 * MARGIN,
  div: ([, b], _, results) => least(results[b!]!, Math.abs) > 10 * MARGIN,
  pow: ([a, b], _, results) =>
    least(results[a!]!, (e) => e) > 10 * MARGIN && least(results[b!]!, (e) => -Math.abs(e)) > -3,
  relu: ([x], _, results) => least(results[x!]!, Math.abs) > MARGIN,
  abs: ([x], _, results) => least(results[x!]!, Math.abs) > MARGIN,
  maximum: apart,
  minimum: apart,
  choose: apart,
  max: ([x], _, results) => {
    const sorted = results[x!]!.data.toSorted();
    return sorted.every((e, i) => i === 0 || e - sorted[i - 1]! > MARGIN);
  },
};

/** `program` with a random step and the inputs it asks for, or undefined when that one does not do. */
function extended(
  program: Program,
  results: readonly Reference[],
  draw: Draw,
): Program | undefined {
  const inputs: Step[] = [];
  const input = (shape: number[]): number => {
    inputs.push(["input", [], shape]);
    return program.length + inputs.length - 1;
  };
  const kind = WEIGHTED[draw(WEIGHTED.length)]!;
  const step = proposals[kind]({ shapes: results.map(({ shape }) => shape), draw, input });
  if (!step) return undefined;
  const operands = [...program, ...inputs];
  const longer = [...operands, step];
  // A step that only copies is not worth its place.
  const values = valuesOf(longer);
  if (values.indexOf(values.at(-1)!) < values.length - 1) return undefined;
  if (values.some(({ shape }) => sizeOf(shape) > MOST_ELEMENTS || sizeOf(shape) === 0))
    return undefined;
  const fits = smooth[kind]?.(step[1], operands, resultsOf(operands)) ?? true;
  if (!fits) return undefined;
  const result = resultsOf(longer).at(-1)!;
  return result.data.every((x) => Math.abs(x) < MOST_MAGNITUDE) ? longer : undefined;
}

/** A program of 5 to 14 steps besides its inputs; the same seed gives the same one. */
export function generateProgram(seed: number): Program {
  let position = 0;
  const draw: Draw = (bound) => bits(seed + 1000, position++) % bound;
  let program: Program = [["input", [], STARTS[draw(STARTS.length)]!]];
  for (let steps = 5 + draw(10); steps > 0;) {
    const longer = extended(program, resultsOf(program), draw);
    if (!longer) continue;
    program = longer;
    steps -= 1;
  }
  return program;
}
