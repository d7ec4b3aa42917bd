// The detector: a small fully convolutional net that says of each cell what is centred there (CenterNet, Zhou et al. 2019).

import { add, relu } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import { conv, upsampleNearest2x } from "../../nn/conv.js";
import type { ConvOptions } from "../../nn/conv.js";
import { groupNorm } from "../../nn/norm.js";
import { scoped } from "../../nn/weights.js";
import type { Weights } from "../../nn/weights.js";
import { BOX_VALUES, CLASSES, COLOUR_CLASSES } from "../../training/detector/layout.js";
import type { DetectorMaps } from "../../training/detector/layout.js";

/** Channels of the grids whose cells are 4, 8 and 16 pixels wide, and of what the heads read. */
export interface DetectorWidths {
  readonly fine: number;
  readonly middle: number;
  readonly coarse: number;
  readonly joint: number;
}

export const DETECTOR_WIDTHS: DetectorWidths = { fine: 32, middle: 48, coarse: 80, joint: 32 };

const GROUPS = 4;
// A cell holds a centre about once in 10,000: starting there keeps the first steps calm.
const PRIOR_LOGIT = -4;

function convNorm(
  w: Weights,
  name: string,
  x: Value,
  channels: number,
  options: ConvOptions = {},
): Value {
  const h = conv(w, `${name}.conv`, x, channels, { ...options, bias: false });
  return groupNorm(w, `${name}.norm`, h, { groups: GROUPS });
}

/** Two convolutions added to the input. */
function residual(w: Weights, name: string, x: Value): Value {
  const channels = x.shape[3]!;
  const h = relu(convNorm(w, `${name}.0`, x, channels));
  return relu(add(convNorm(w, `${name}.1`, h, channels), x));
}

function halve(w: Weights, name: string, x: Value, channels: number): Value {
  return relu(convNorm(w, name, x, channels, { stride: 2, padding: [0, 0, 1, 1] }));
}

/** Coarse features twice as large, joined with finer ones: both as `channels`. */
function join(w: Weights, name: string, coarse: Value, fine: Value, channels: number): Value {
  const above = conv(w, `${name}.coarse`, coarse, channels, { kernel: 1 });
  const here = conv(w, `${name}.fine`, fine, channels, { kernel: 1 });
  const joint = relu(add(upsampleNearest2x(above), here));
  return relu(convNorm(w, `${name}.mix`, joint, channels));
}

/** Maps of pictures [N, H, W, 3] in [-1, 1], H and W multiples of 16; a cell is 4 x 4 pixels. */
export function detectorNetwork(
  w: Weights,
  pictures: Value,
  widths: DetectorWidths = DETECTOR_WIDTHS,
): DetectorMaps {
  // Patches of 4 x 4 pixels at once: rows at full size would cost more than all that follows.
  const patches = conv(w, "patches", pictures, widths.fine, { kernel: 4, stride: 4, padding: 0 });
  const fine = residual(w, "fine", patches);
  const middle = residual(w, "middle", halve(w, "toMiddle", fine, widths.middle));
  const coarse = residual(w, "coarse", halve(w, "toCoarse", middle, widths.coarse));
  const wide = join(w, "joinMiddle", coarse, middle, widths.middle);
  const joint = join(w, "joinFine", wide, fine, widths.joint);
  const head = scoped(w, "head");
  return {
    heat: add(conv(head, "heat", joint, CLASSES, { kernel: 1 }), PRIOR_LOGIT),
    box: conv(head, "box", joint, BOX_VALUES, { kernel: 1 }),
    colour: conv(head, "colour", joint, COLOUR_CLASSES, { kernel: 1 }),
  };
}
