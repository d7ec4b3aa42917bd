// Inception-v3 as the Fréchet distance uses it (Szegedy et al. 2016; the graph of 2015-12-05).

import { add, concat, conv2d, matmul, mean, relu, transpose } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { maxPoolHalving, maxPoolSame, meanPoolSame } from "./pool.js";
import { tensorOf } from "./weights.js";
import type { InceptionTensors } from "./weights.js";

export interface InceptionValues {
  /** After the block of each name, [N, H, W, C]: pool2, mixed_2, mixed_7, mixed_8, mixed_10. */
  readonly blocks: Readonly<Record<string, Value>>;
  /** Means over the cells of mixed_7, [N, 768]. */
  readonly features768: Value;
  /** Means over the cells of mixed_10, [N, 2048]; absent when the network ends before. */
  readonly features2048?: Value;
  /** Of the classifier without its bias, as published Inception Scores take it, [N, 1008]. */
  readonly logits?: Value;
}

interface ConvOptions {
  readonly stride?: 1 | 2;
  /** No padding; the same size when absent. */
  readonly valid?: boolean;
}

/** Convolution, bias and ReLU of one scope; the kernel's extents are those of its tensor. */
type Conv = (scope: string, x: Value, options?: ConvOptions) => Value;

function convolution(tensors: InceptionTensors): Conv {
  return (scope, x, { stride = 1, valid = stride > 1 } = {}) => {
    const kernel = tensorOf(tensors, `${scope}.weight`);
    const [, height, width] = kernel.shape as [number, number, number, number];
    const [top, left] = valid ? [0, 0] : [(height - 1) / 2, (width - 1) / 2];
    const weight = transpose(x.graph.constant(kernel, `${scope}.weight`), [1, 2, 3, 0]);
    const bias = x.graph.constant(tensorOf(tensors, `${scope}.bias`), `${scope}.bias`);
    return relu(add(conv2d(x, weight, { stride, padding: [top, left, top, left] }), bias));
  };
}

/** Scopes `tower_conv`, `tower_conv_1`, ... one after another. */
function chain(conv: Conv, tower: string, x: Value, count: number): Value {
  const scopes = Array.from({ length: count }, (_, i) => (i === 0 ? tower : `${tower}_${i}`));
  return scopes.reduce((y, scope) => conv(scope, y), x);
}

/** A mean pool, then a pointwise convolution before its ReLU: they commute, and means of fewer channels cost less. */
function pooledTower(tensors: InceptionTensors, scope: string, x: Value): Value {
  const kernel = tensorOf(tensors, `${scope}.weight`);
  const weight = transpose(x.graph.constant(kernel, `${scope}.weight`), [1, 2, 3, 0]);
  const bias = x.graph.constant(tensorOf(tensors, `${scope}.bias`), `${scope}.bias`);
  return relu(add(meanPoolSame(conv2d(x, weight)), bias));
}

/** Four towers side by side: 35x35 (5x5 and twice 3x3) and 17x17 (7x7 in rows and columns). */
function mixed(
  tensors: InceptionTensors,
  block: string,
  x: Value,
  [short, long]: readonly [number, number],
): Value {
  const conv = convolution(tensors);
  return concat(
    [
      conv(`${block}_conv`, x),
      chain(conv, `${block}_tower_conv`, x, short),
      chain(conv, `${block}_tower_1_conv`, x, long),
      pooledTower(tensors, `${block}_tower_2_conv`, x),
    ],
    3,
  );
}

/** 8x8: the ends of two towers split into a row and a column kernel. */
function split(tensors: InceptionTensors, block: string, x: Value, last: boolean): Value {
  const conv = convolution(tensors);
  const ends = (tower: string, y: Value): Value[] => [
    conv(`${tower}_mixed_conv`, y),
    conv(`${tower}_mixed_conv_1`, y),
  ];
  const pooled = `${block}_tower_2_conv`;
  return concat(
    [
      conv(`${block}_conv`, x),
      ...ends(`${block}_tower`, conv(`${block}_tower_conv`, x)),
      ...ends(`${block}_tower_1`, chain(conv, `${block}_tower_1_conv`, x, 2)),
      last ? conv(pooled, maxPoolSame(x)) : pooledTower(tensors, pooled, x),
    ],
    3,
  );
}

function stem(conv: Conv, x: Value): Value {
  const first = conv("conv_1", conv("conv", x, { stride: 2 }), { valid: true });
  const second = conv("conv_3", maxPoolHalving(conv("conv_2", first)));
  return maxPoolHalving(conv("conv_4", second, { valid: true }));
}

/** 35x35 to 17x17. */
function reduceFirst(conv: Conv, x: Value): Value {
  const tower = chain(conv, "mixed_3_tower_conv", x, 2);
  return concat(
    [
      conv("mixed_3_conv", x, { stride: 2 }),
      conv("mixed_3_tower_conv_2", tower, { stride: 2 }),
      maxPoolHalving(x),
    ],
    3,
  );
}

/** 17x17 to 8x8. */
function reduceSecond(conv: Conv, x: Value): Value {
  const tower = conv("mixed_8_tower_conv", x);
  const other = chain(conv, "mixed_8_tower_1_conv", x, 3);
  return concat(
    [
      conv("mixed_8_tower_conv_1", tower, { stride: 2 }),
      conv("mixed_8_tower_1_conv_3", other, { stride: 2 }),
      maxPoolHalving(x),
    ],
    3,
  );
}

const cellMeans = (x: Value): Value => mean(x, { axes: [1, 2] });

/**
 * Features of pictures x [N, 299, 299, 3], -1 to 1. The number of channels is that of the tensors.
 *
 * @param depth where the network ends: after mixed_7, mixed_8, or with the classifier
 * @throws FollowspotError when a tensor is missing
 */
export function inceptionNetwork(
  tensors: InceptionTensors,
  x: Value,
  depth: "mixed_7" | "mixed_8" | "full",
): InceptionValues {
  const conv = convolution(tensors);
  const pool2 = stem(conv, x);
  const mixed2 = ["mixed", "mixed_1", "mixed_2"].reduce(
    (y, block) => mixed(tensors, block, y, [2, 3]),
    pool2,
  );
  const mixed7 = ["mixed_4", "mixed_5", "mixed_6", "mixed_7"].reduce(
    (y, block) => mixed(tensors, block, y, [3, 5]),
    reduceFirst(conv, mixed2),
  );
  const blocks = { pool2, mixed_2: mixed2, mixed_7: mixed7 };
  const features768 = cellMeans(mixed7);
  if (depth === "mixed_7") return { blocks, features768 };
  const mixed8 = reduceSecond(conv, mixed7);
  if (depth === "mixed_8") return { blocks: { ...blocks, mixed_8: mixed8 }, features768 };
  const mixed10 = split(tensors, "mixed_10", split(tensors, "mixed_9", mixed8, false), true);
  const features2048 = cellMeans(mixed10);
  return {
    blocks: { ...blocks, mixed_8: mixed8, mixed_10: mixed10 },
    features768,
    features2048,
    logits: classify(tensors, features2048),
  };
}

function classify(tensors: InceptionTensors, features: Value): Value {
  const { shape, data, dtype } = tensorOf(tensors, "softmax.weight");
  // Some files keep the classifier as a convolution of one cell.
  const matrix = { dtype, data, shape: [shape[0]!, shape.at(-1)!] };
  const weight = features.graph.constant(matrix, "softmax.weight");
  return matmul(features, weight, { transB: true });
}
