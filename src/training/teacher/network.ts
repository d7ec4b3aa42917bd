// A teacher's network with its head: what it predicts of noisy pictures, as a graph.

import { mul, slice, sub } from "../../engine/functions.js";
import type { Value } from "../../engine/graph.js";
import type { Head } from "../../diffusion/parameterisations.js";
import { unet2d } from "../../models/unet2d/index.js";
import type { UNet2DConfig, UNet2DInputs } from "../../models/unet2d/index.js";
import type { Weights } from "../../nn/weights.js";
import { perPicture } from "../losses.js";

/** A network of pixels and what it puts out. */
export interface TeacherNetwork {
  readonly unet: UNet2DConfig;
  readonly head: Head;
}

export interface TeacherInputs extends UNet2DInputs {
  /** Factors of signal and noise in `sample`, [N] each. */
  readonly alpha: Value;
  readonly sigma: Value;
}

/** What the network predicts, of the prediction type of its head: [N, S, S, C]. */
export function teacherPrediction(
  w: Weights,
  { unet, head }: TeacherNetwork,
  inputs: TeacherInputs,
): Value {
  const { output } = unet2d(w, unet, inputs);
  if (head !== "both") return output;
  const channels = unet.in_channels;
  const clean = slice(output, 3, 0, channels);
  const noise = slice(output, 3, channels, 2 * channels);
  return sub(mul(noise, perPicture(inputs.alpha)), mul(clean, perPicture(inputs.sigma)));
}
