// Random steps that fit the values there are. Those that would make a graph hard to compare are turned down later.

import type { Shape } from "../../../src/core/shape.js";
import { sizeOf } from "../../../src/core/shape.js";
import type { Step, StepKind } from "./program.js";

/** Whole numbers from 0, below `bound`. */
export type Draw = (bound: number) => number;

/** What a proposal may use: shapes of the values so far, a draw, and new inputs. */
export interface Scene {
  readonly shapes: readonly Shape[];
  readonly draw: Draw;
  /** The number of a new input of this shape. */
  readonly input: (shape: number[]) => number;
}

type Proposal = (scene: Scene) => Step | undefined;

/** A random value, of those with `rank` axes where that is given; late ones more often, so that graphs are deep. */
function pick({ shapes, draw }: Scene, rank?: number): number | undefined {
  const fitting = [...shapes.keys()].filter(
    (n) => rank === undefined || shapes[n]!.length === rank,
  );
  const among = draw(4) ? fitting.slice(-3) : fitting;
  return among[draw(Math.max(1, among.length))];
}

const pickAny = (scene: Scene): number => pick(scene)!;

const axisOf = ({ shapes, draw }: Scene, n: number): number | undefined =>
  shapes[n]!.length === 0 ? undefined : draw(shapes[n]!.length);

type Plain = "neg" | "exp" | "log" | "sqrt" | "reciprocal" | "erf" | "sin" | "cos" | "sigmoid";
type Curve = "tanh" | "relu" | "abs" | "silu" | "gelu";
type Pair = "add" | "sub" | "mul" | "div" | "pow" | "maximum" | "minimum";

const single =
  (kind: Plain | Curve): Proposal =>
  (scene) => [kind, [pickAny(scene)]];

/** A partner for value n: one of the same shape, or an input that broadcasts with it. */
function partner(scene: Scene, n: number): number {
  const { shapes, draw, input } = scene;
  const shape = shapes[n]!;
  const alike = [...shapes.keys()].filter((m) => shapes[m]!.join() === shape.join());
  if (draw(3) > 0) return alike[draw(alike.length)]!;
  return input(shape.slice(draw(shape.length + 1)).map((extent) => (draw(3) === 0 ? 1 : extent)));
}

const pair =
  (kind: Pair): Proposal =>
  (scene) => {
    const n = pickAny(scene);
    const operands = [n, partner(scene, n)];
    return [kind, scene.draw(2) ? operands : operands.reverse()];
  };

const choose: Proposal = (scene) => {
  const a = pickAny(scene);
  const c = scene.draw(2) ? a : partner(scene, a);
  return ["choose", [a, partner(scene, a), c, partner(scene, a)]];
};

const reduction =
  (kind: "sum" | "mean" | "max"): Proposal =>
  (scene) => {
    const n = pickAny(scene);
    const axes = [...scene.shapes[n]!.keys()].filter(() => scene.draw(2) === 0);
    return axes.length === 0 ? undefined : [kind, [n], axes, scene.draw(2) === 0];
  };

const reshape: Proposal = (scene) => {
  const n = pickAny(scene);
  let rest = sizeOf(scene.shapes[n]!);
  const shape: number[] = [];
  for (const extent of [2, 3, 4]) {
    if (rest % extent === 0 && scene.draw(2) === 0) {
      shape.push(extent);
      rest /= extent;
    }
  }
  return ["reshape", [n], [...shape, rest]];
};

function shuffled(count: number, draw: Draw): number[] {
  const order: number[] = [];
  for (let i = 0; i < count; i++) order.splice(draw(i + 1), 0, i);
  return order;
}

const transpose: Proposal = (scene) => {
  const n = pickAny(scene);
  return ["transpose", [n], shuffled(scene.shapes[n]!.length, scene.draw)];
};

const concat: Proposal = (scene) => {
  const n = pickAny(scene);
  const axis = axisOf(scene, n);
  if (axis === undefined) return undefined;
  const other = scene.input([...scene.shapes[n]!].with(axis, 1 + scene.draw(2)));
  return ["concat", scene.draw(2) ? [n, other] : [other, n, n], axis];
};

const slice: Proposal = (scene) => {
  const n = pickAny(scene);
  const axis = axisOf(scene, n);
  if (axis === undefined) return undefined;
  const start = scene.draw(scene.shapes[n]![axis]!);
  const end = start + 1 + scene.draw(scene.shapes[n]![axis]! - start);
  return ["slice", [n], axis, start, end];
};

const pad: Proposal = (scene) => {
  const n = pickAny(scene);
  const amounts = () => scene.shapes[n]!.map(() => Math.floor(scene.draw(4) / 2));
  return ["pad", [n], amounts(), amounts()];
};

const expand: Proposal = (scene) => {
  const n = pickAny(scene);
  const shape = scene.shapes[n]!.map((extent) => (extent === 1 ? 1 + scene.draw(3) : extent));
  return ["expand", [n], [...(scene.draw(2) ? [2] : []), ...shape]];
};

const gather: Proposal = (scene) => {
  const n = pickAny(scene);
  const axis = axisOf(scene, n);
  if (axis === undefined) return undefined;
  const extent = scene.shapes[n]![axis]!;
  const indices = Array.from({ length: 1 + scene.draw(4) }, () => scene.draw(extent));
  return ["gather", [n], indices, axis];
};

const scatterAdd: Proposal = (scene) => {
  const n = pickAny(scene);
  const axis = axisOf(scene, n);
  if (axis === undefined) return undefined;
  const size = 1 + scene.draw(4);
  const indices = Array.from({ length: scene.shapes[n]![axis]! }, () => scene.draw(size));
  return ["scatterAdd", [n], indices, axis, size];
};

const matmul: Proposal = (scene) => {
  const { shapes, draw, input } = scene;
  const n = pickAny(scene);
  const shape = shapes[n]!;
  if (shape.length < 2) return undefined;
  const [transA, transB] = [draw(2) === 0, draw(2) === 0];
  const inner = shape.at(transA ? -2 : -1)!;
  const lead = draw(2) ? shape.slice(0, -2) : [];
  const columns = 1 + draw(3);
  const other = input([...lead, ...(transB ? [columns, inner] : [inner, columns])]);
  return ["matmul", [n, other], transA, transB];
};

const attention: Proposal = (scene) => {
  const { shapes, draw, input } = scene;
  const q = pick(scene, 3);
  if (q === undefined) return undefined;
  const [n, , width] = shapes[q] as [number, number, number];
  const heads = width % 2 === 0 ? 1 + draw(2) : 1;
  const tokens = 1 + draw(3);
  const [k, v] = [input([n, tokens, width]), input([n, tokens, heads * (1 + draw(2))])];
  return ["attention", [q, k, v], heads, 0.5];
};

const conv2d: Proposal = (scene) => {
  const { shapes, draw, input } = scene;
  const x = pick(scene, 4);
  if (x === undefined) return undefined;
  const [, h, w, channels] = shapes[x] as [number, number, number, number];
  const padding: [number, number, number, number] = [draw(2), draw(2), draw(2), draw(2)];
  const kernel = [Math.min(1 + draw(3), h), Math.min(1 + draw(3), w)];
  const groups = channels % 2 === 0 ? 1 + draw(2) : 1;
  const weight = input([...kernel, channels / groups, groups * (1 + draw(2))]);
  return ["conv2d", [x, weight], 1 + draw(2), padding, groups];
};

const convTranspose2d: Proposal = (scene) => {
  const { shapes, draw, input } = scene;
  const y = pick(scene, 4);
  if (y === undefined) return undefined;
  const [, h, w, channels] = shapes[y] as [number, number, number, number];
  const stride = 1 + draw(2);
  const kernel = 2 + draw(2);
  const [top, left] = [draw(2), draw(2)];
  const size = [h, w].map((extent) => (extent - 1) * stride + kernel);
  const weight = input([kernel, kernel, 1 + draw(2), channels]);
  const spread: [number, number] = [size[0]! - top, size[1]! - left];
  return ["convTranspose2d", [y, weight], stride, [top, left, 0, 0], 1, spread];
};

export const proposals: { readonly [K in Exclude<StepKind, "input">]: Proposal } = {
  neg: single("neg"),
  exp: single("exp"),
  log: single("log"),
  sqrt: single("sqrt"),
  reciprocal: single("reciprocal"),
  erf: single("erf"),
  sin: single("sin"),
  cos: single("cos"),
  sigmoid: single("sigmoid"),
  tanh: single("tanh"),
  relu: single("relu"),
  abs: single("abs"),
  silu: single("silu"),
  gelu: single("gelu"),
  softmax: (scene) => {
    const n = pickAny(scene);
    return axisOf(scene, n) === undefined ? undefined : ["softmax", [n]];
  },
  add: pair("add"),
  sub: pair("sub"),
  mul: pair("mul"),
  div: pair("div"),
  pow: pair("pow"),
  maximum: pair("maximum"),
  minimum: pair("minimum"),
  choose,
  sum: reduction("sum"),
  mean: reduction("mean"),
  max: reduction("max"),
  reshape,
  transpose,
  concat,
  slice,
  pad,
  expand,
  gather,
  scatterAdd,
  matmul,
  attention,
  conv2d,
  convTranspose2d,
};
