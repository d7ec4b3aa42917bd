// Elementwise operators, broadcasting, comparisons and choice.

import * as f from "../../../src/engine/functions.js";
import { positive, ties } from "../inputs.js";
import { caseOf } from "./case.js";

const X = { x: [2, 3, 4] };
const PAIR = { a: [2, 3], b: [2, 3] };
const TIED = { a: ties(4, 5), b: ties(4, 5) };

export const elementwiseCases = [
  caseOf("neg", X, ({ x }) => f.neg(x)),
  caseOf("exp", X, ({ x }) => f.exp(x)),
  caseOf("log", { x: positive(2, 3) }, ({ x }) => f.log(x)),
  caseOf("sqrt", { x: positive(2, 3) }, ({ x }) => f.sqrt(x)),
  caseOf("reciprocal", { x: positive(2, 3) }, ({ x }) => f.reciprocal(f.neg(x))),
  caseOf("erf", X, ({ x }) => f.erf(x)),
  caseOf("sin", X, ({ x }) => f.sin(x)),
  caseOf("cos", X, ({ x }) => f.cos(x)),
  caseOf("sigmoid", X, ({ x }) => f.sigmoid(x)),
  caseOf("sigmoid far out", X, ({ x }) => f.sigmoid(f.mul(x, 20))),
  caseOf("tanh", X, ({ x }) => f.tanh(x)),
  caseOf("relu", X, ({ x }) => f.relu(x)),
  caseOf("relu at zero", { x: ties(4, 5) }, ({ x }) => f.relu(x)),
  caseOf("abs", X, ({ x }) => f.abs(x)),
  caseOf("abs at zero", { x: ties(4, 5) }, ({ x }) => f.abs(x)),
  caseOf("sign", X, ({ x }) => f.sign(x)),
  // Finite differences see through it, so its inputs are of those where they are not asked.
  caseOf("stop gradient", { x: ties(4, 5) }, ({ x }) => f.mul(x, f.stopGradient(x))),
  caseOf("silu", X, ({ x }) => f.silu(x)),
  caseOf("gelu", X, ({ x }) => f.gelu(x)),
  caseOf("quick gelu", X, ({ x }) => f.quickGelu(x)),
  caseOf("clip", X, ({ x }) => f.clip(x, -1, 0.75)),
  caseOf("clip on the bounds", { x: ties(4, 5) }, ({ x }) => f.clip(x, -1, 0)),
  caseOf("add", PAIR, ({ a, b }) => f.add(a, b)),
  caseOf("add one value to itself", X, ({ x }) => f.add(x, x)),
  caseOf("add zero", X, ({ x }) => f.add(x, 0)),
  caseOf("add a row", { a: [2, 3, 4], b: [4] }, ({ a, b }) => f.add(a, b)),
  caseOf("add a column", { a: [2, 3, 4], b: [3, 1] }, ({ a, b }) => f.add(a, b)),
  caseOf("add a scalar", { a: [2, 3], b: [] }, ({ a, b }) => f.add(a, b)),
  caseOf("sub", PAIR, ({ a, b }) => f.sub(a, b)),
  caseOf("sub from a number", X, ({ x }) => f.sub(1, x)),
  caseOf("sub both broadcast", { a: [3, 1], b: [1, 4] }, ({ a, b }) => f.sub(a, b)),
  caseOf("mul", PAIR, ({ a, b }) => f.mul(a, b)),
  caseOf("mul one value by itself", X, ({ x }) => f.mul(x, x)),
  caseOf("mul by one", X, ({ x }) => f.mul(1, x)),
  caseOf("mul by zero", X, ({ x }) => f.mul(x, 0)),
  caseOf("mul both broadcast", { a: [2, 1, 4], b: [3, 1] }, ({ a, b }) => f.mul(a, b)),
  caseOf("mul by an expanded value", { a: [2, 3], b: [1, 3] }, ({ a, b }) =>
    f.mul(a, f.expand(b, [2, 3])),
  ),
  caseOf("mul two expanded values", { a: [2, 1], b: [1, 3] }, ({ a, b }) =>
    f.mul(f.expand(a, [2, 3]), f.expand(b, [2, 3])),
  ),
  caseOf("mul values expanded alike", { a: [1, 3], b: [1, 3] }, ({ a, b }) =>
    f.mul(f.expand(a, [2, 3]), f.expand(b, [2, 3])),
  ),
  caseOf("div", { a: [2, 3], b: positive(2, 3) }, ({ a, b }) => f.div(a, b)),
  caseOf("div by a column", { a: [2, 3], b: positive(2, 1) }, ({ a, b }) => f.div(a, b)),
  caseOf("div of a number", { x: positive(2, 3) }, ({ x }) => f.div(2, x)),
  caseOf("pow", { a: positive(2, 3), b: [2, 3] }, ({ a, b }) => f.pow(a, b)),
  caseOf("pow of a row", { a: positive(3), b: [2, 3] }, ({ a, b }) => f.pow(a, b)),
  caseOf("pow to a whole number", X, ({ x }) => f.pow(x, 3)),
  caseOf("pow with zeros", { a: ties(4, 5) }, ({ a }) => f.pow(a, 2)),
  caseOf("pow to zero", { a: ties(4, 5) }, ({ a }) => f.pow(a, 0)),
  caseOf("max", PAIR, ({ a, b }) => f.maximum(a, b)),
  caseOf("max at ties", TIED, ({ a, b }) => f.maximum(a, b)),
  caseOf("max with a row", { a: [2, 3], b: [3] }, ({ a, b }) => f.maximum(a, b)),
  caseOf("min", PAIR, ({ a, b }) => f.minimum(a, b)),
  caseOf("min at ties", TIED, ({ a, b }) => f.minimum(a, b)),
  caseOf("less", TIED, ({ a, b }) => f.cast(f.less(a, b), "float32")),
  caseOf("less or equal", TIED, ({ a, b }) => f.cast(f.lessOrEqual(a, b), "float32")),
  caseOf("equal", TIED, ({ a, b }) => f.cast(f.equal(a, b), "float32")),
  caseOf("equal to a row", { a: ties(4, 5), b: ties(5) }, ({ a, b }) =>
    f.cast(f.equal(a, b), "float32"),
  ),
  caseOf("where", { a: [3, 4], b: [3, 4], x: [3, 4] }, ({ a, b, x }) =>
    f.where(f.less(x, 0), a, b),
  ),
  caseOf("where broadcasts all", { a: [3, 1], b: [4], x: [2, 1, 1] }, ({ a, b, x }) =>
    f.where(f.less(x, 0), a, b),
  ),
  caseOf("where with a number", X, ({ x }) => f.where(f.less(0, x), x, -3)),
  caseOf("where guards a bad branch", { x: ties(4, 5) }, ({ x }) => {
    const positiveX = f.less(0, x);
    return f.where(positiveX, f.log(f.where(positiveX, x, 1)), 0);
  }),
  caseOf("cast to whole numbers and back", X, ({ x }) =>
    f.cast(f.cast(f.mul(x, 10), "int64"), "float32"),
  ),
  caseOf("cast to half and back", { x: ties(4, 5) }, ({ x }) =>
    f.cast(f.cast(f.mul(x, 3), "float16"), "float32"),
  ),
];
