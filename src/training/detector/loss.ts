// The detector's loss: focal loss on centres, L1 on boxes, cross-entropy on colours.

import {
  abs,
  add,
  div,
  exp,
  less,
  log,
  maximum,
  mul,
  neg,
  relu,
  sigmoid,
  softmax,
  sub,
  sum,
  where,
} from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import type { Weights } from "../../nn/weights.js";
import type { LossBuilder } from "../step.js";
import { BOX_VALUES, CLASSES, COLOUR_CLASSES, GRID, PICTURE_SIDE } from "./layout.js";
import type { DetectorMaps } from "./layout.js";

/** Maps of pictures [N, PICTURE_SIDE, PICTURE_SIDE, 3] in [-1, 1]. */
export type DetectorNetwork = (weights: Weights, pictures: Value) => DetectorMaps;

const ALMOST_ONE = 0.9999; // targets above it are centres
const BOX_SHARE = 1;
const COLOUR_SHARE = 0.5;

/** log(1 + eˣ), without overflow. */
export function softplus(x: Value): Value {
  return add(relu(x), log(add(exp(neg(abs(x))), 1)));
}

/**
 * The focal loss of centre maps (Law and Deng 2018, CornerNet, equation 1), summed over all cells and
 * divided by the number of ones in `target` (at least 1). `logits` and `target` have one shape.
 */
export function focalLoss(logits: Value, target: Value): Value {
  const p = sigmoid(logits);
  const rest = sub(1, p);
  const far = sub(1, target);
  const falloff = mul(mul(far, far), mul(far, far));
  const centre = where(less(target, ALMOST_ONE), 0, 1);
  const unlikely = softplus(logits); // -log(1 - p); -log p is that less the logit
  const missed = mul(mul(rest, rest), sub(unlikely, logits));
  const imagined = mul(falloff, mul(mul(p, p), unlikely));
  const total = add(sum(mul(centre, missed)), sum(mul(sub(1, centre), imagined)));
  return div(total, maximum(sum(centre), 1));
}

/** The weighted mean over cells of the summed |prediction - target|; `weight` is [N, H, W, 1]. */
export function weightedL1(prediction: Value, target: Value, weight: Value): Value {
  const error = sum(mul(abs(sub(prediction, target)), weight));
  return div(error, maximum(sum(weight), 1));
}

/** Cross-entropy of logits [..., C] with one-hot targets that carry their cells' weights. */
export function weightedCrossEntropy(logits: Value, target: Value): Value {
  const likelihood = log(add(softmax(logits), 1e-7));
  return neg(div(sum(mul(target, likelihood)), maximum(sum(target), 1)));
}

/**
 * The loss of a batch. Inputs: `pictures` [N, PICTURE_SIDE, PICTURE_SIDE, 3] in [-1, 1], and the
 * targets `heat`, `box`, `weight` and `colour` (targets.ts). Reports its three parts.
 */
export function detectorLoss(network: DetectorNetwork, batch: number): LossBuilder {
  return (weights, graph) => {
    const cells = (name: string, values: number): Value =>
      graph.input(name, "float32", [batch, GRID, GRID, values]);
    const side = PICTURE_SIDE;
    const maps = network(weights, graph.input("pictures", "float32", [batch, side, side, 3]));
    const heatLoss = focalLoss(maps.heat, cells("heat", CLASSES));
    const boxLoss = weightedL1(maps.box, cells("box", BOX_VALUES), cells("weight", 1));
    const colourLoss = weightedCrossEntropy(maps.colour, cells("colour", COLOUR_CLASSES));
    const loss = add(heatLoss, add(mul(boxLoss, BOX_SHARE), mul(colourLoss, COLOUR_SHARE)));
    return { loss, report: { heatLoss, boxLoss, colourLoss } };
  };
}
