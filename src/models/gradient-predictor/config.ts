// The configuration of a gradient predictor: the student that it stands beside, and what tells it the picture.

import { z } from "zod";
import { count, parseConfig } from "../config.js";
import { parseUNet2DConfig } from "../unet2d/index.js";
import type { UNet2DConfig } from "../unet2d/index.js";

/**
 * Where it joins the student: `code` takes the input of the middle block and has a middle of its own, as the
 * published code does; `figure` takes the output of the student's middle block, as the paper's figure does.
 */
export const WIRINGS = ["code", "figure"] as const;
export type Wiring = (typeof WIRINGS)[number];

const schema = z.object({
  /** Length of the vector that tells the picture. */
  latent_dim: count,
  wiring: z.enum(WIRINGS).default("code"),
  /** The student's configuration. */
  unet: z.unknown().transform(parseUNet2DConfig),
});

export interface GradientPredictorConfig {
  readonly latent_dim: number;
  readonly wiring: Wiring;
  readonly unet: UNet2DConfig;
}

/**
 * A configuration from the contents of a config.json.
 * Throws FollowspotError, naming the option, when one has a wrong value.
 */
export function parseGradientPredictorConfig(json: unknown): GradientPredictorConfig {
  return parseConfig("gradient predictor", schema, json);
}
