// Reductions, and operators that move elements.

import * as f from "../../../src/engine/functions.js";
import { indices, ties } from "../inputs.js";
import { caseOf } from "./case.js";

const X = { x: [2, 3, 4] };

const reductions = [
  caseOf("sum of all", X, ({ x }) => f.sum(x)),
  caseOf("sum of a scalar", { x: [] }, ({ x }) => f.sum(x)),
  caseOf("sum over the first axis", X, ({ x }) => f.sum(x, { axes: [0] })),
  caseOf("sum over the middle axis", X, ({ x }) => f.sum(x, { axes: [1] })),
  caseOf("sum over the last axis", X, ({ x }) => f.sum(x, { axes: [-1] })),
  caseOf("sum over the first two, kept", X, ({ x }) => f.sum(x, { axes: [0, 1], keepDims: true })),
  caseOf("sum over the last two", X, ({ x }) => f.sum(x, { axes: [2, 1] })),
  caseOf("sum over outer axes", X, ({ x }) => f.sum(x, { axes: [0, 2], keepDims: true })),
  caseOf("sum over two of four axes", { x: [2, 3, 2, 3] }, ({ x }) => f.sum(x, { axes: [1, 2] })),
  caseOf("mean over the last axis", X, ({ x }) => f.mean(x, { axes: [-1], keepDims: true })),
  caseOf("mean of all", X, ({ x }) => f.mean(x)),
  caseOf("max of all", X, ({ x }) => f.max(x)),
  caseOf("max over the middle axis", X, ({ x }) => f.max(x, { axes: [1] })),
  caseOf("max over no axes", X, ({ x }) => f.max(x, { axes: [] })),
  caseOf("max over outer axes, kept", X, ({ x }) => f.max(x, { axes: [0, 2], keepDims: true })),
  caseOf("max over an axis with ties", { x: ties(4, 6) }, ({ x }) => f.max(x, { axes: [1] })),
];

const moves = [
  caseOf("reshape", X, ({ x }) => f.reshape(x, [4, -1])),
  caseOf("reshape twice", X, ({ x }) => f.reshape(f.reshape(x, [24]), [2, 2, 6])),
  caseOf("reshape to a scalar", { x: [1, 1] }, ({ x }) => f.reshape(x, [])),
  caseOf("transpose", { x: [2, 3] }, ({ x }) => f.transpose(x, [1, 0])),
  caseOf("transpose three axes in a circle", X, ({ x }) => f.transpose(x, [2, 0, 1])),
  caseOf("transpose four axes", { x: [2, 3, 1, 2] }, ({ x }) => f.transpose(x, [0, 3, 1, 2])),
  caseOf("concat along the first axis", { a: [1, 3], b: [2, 3] }, ({ a, b }) =>
    f.concat([a, b], 0),
  ),
  caseOf("concat along the last axis", { a: [2, 1], b: [2, 3], c: [2, 2] }, ({ a, b, c }) =>
    f.concat([a, b, c], -1),
  ),
  caseOf("concat a value with itself", X, ({ x }) => f.concat([x, x], 1)),
  caseOf("slice the first axis", X, ({ x }) => f.slice(x, 0, 1, 2)),
  caseOf("slice the middle axis", X, ({ x }) => f.slice(x, 1, 0, 2)),
  caseOf("slice the last axis", X, ({ x }) => f.slice(x, -1, 1, 3)),
  caseOf("pad", { x: [2, 3] }, ({ x }) => f.pad(x, [1, 0], [0, 2])),
  caseOf("pad three axes", X, ({ x }) => f.pad(x, [0, 1, 2], [1, 0, 1])),
  caseOf("expand a row", { x: [3] }, ({ x }) => f.expand(x, [2, 3])),
  caseOf("expand a column", { x: [2, 1] }, ({ x }) => f.expand(x, [2, 3])),
  caseOf("expand a scalar", { x: [] }, ({ x }) => f.expand(x, [2, 3])),
  caseOf("expand between axes", { x: [2, 1, 3] }, ({ x }) => f.expand(x, [2, 2, 2, 3])),
];

// Five picks of at most four entries: at least two picks meet.
const picks = [
  caseOf("gather the first axis", { x: [3, 2, 4], i: indices(3, 5) }, ({ x, i }) => f.gather(x, i)),
  caseOf("gather the middle axis", { x: [3, 2, 4], i: indices(2, 5) }, ({ x, i }) =>
    f.gather(x, i, 1),
  ),
  caseOf("gather the last axis", { x: [3, 2, 4], i: indices(4, 5) }, ({ x, i }) =>
    f.gather(x, i, -1),
  ),
  caseOf("gather by a matrix", { x: [4, 3], i: indices(4, 2, 3) }, ({ x, i }) => f.gather(x, i)),
  caseOf("gather the middle by a matrix", { x: [2, 4, 3], i: indices(4, 2, 3) }, ({ x, i }) =>
    f.gather(x, i, 1),
  ),
  caseOf("gather by one number", { x: [3, 4], i: indices(4) }, ({ x, i }) => f.gather(x, i, 1)),
  caseOf("scatter to the first axis", { x: [5, 2, 4], i: indices(3, 5) }, ({ x, i }) =>
    f.scatterAdd(x, i, 0, 3),
  ),
  caseOf("scatter to the middle axis", { x: [3, 5, 2], i: indices(4, 5) }, ({ x, i }) =>
    f.scatterAdd(x, i, 1, 4),
  ),
  caseOf("scatter to the last axis", { x: [3, 2, 5], i: indices(3, 5) }, ({ x, i }) =>
    f.scatterAdd(x, i, 2, 3),
  ),
  caseOf("scatter by a matrix", { x: [2, 3, 4], i: indices(4, 2, 3) }, ({ x, i }) =>
    f.scatterAdd(x, i, 0, 4),
  ),
  caseOf("scatter by one number", { x: [3], i: indices(4) }, ({ x, i }) =>
    f.scatterAdd(x, i, 1, 4),
  ),
];

export const shapeCases = [...reductions, ...moves, ...picks];
