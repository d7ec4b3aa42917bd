// Self-attention guidance of a model's pictures: what was asked, filled in and held against the network.

import { FollowspotError } from "../core/errors.js";
import type { Denoiser } from "../diffusion/denoiser.js";
import {
  blurFor,
  blurMatrix,
  DEFAULT_THRESHOLD,
  selfAttentionGuided,
  siteNamed,
} from "../guidance/self-attention/index.js";
import type { Blur } from "../guidance/self-attention/index.js";
import { sitesOf2D } from "../models/unet2d/index.js";
import type { PixelModel } from "./sample-model.js";
import type { SampleAttentionGuidance } from "./sample-request.js";

const PICTURE_RANGE = 1; // largest magnitude of a picture's values

/** Guidance with nothing left open. */
export type AttentionSettings = Required<SampleAttentionGuidance>;

/**
 * The guidance that a model is drawn with; null where its scale is 1 or none is asked for.
 *
 * @throws FollowspotError for a model with a predictor, a network without self-attention, a site that the network does
 *   not have, a blur that does not fit its pictures, and for details of a guidance whose scale is 1
 */
export function attentionSettings(
  model: PixelModel,
  asked: SampleAttentionGuidance = { scale: 1 },
): AttentionSettings | null {
  const { scale, threshold, blur, site } = asked;
  if (scale === 1) {
    if (threshold === undefined && blur === undefined && site === undefined) return null;
    throw new FollowspotError(
      "--attention-guidance: expected a scale above 1 beside a threshold, blur or site, got none.",
      { remedy: "For example --attention-guidance 1.3." },
    );
  }
  const { name, network, semantic } = model;
  if (semantic) {
    throw new FollowspotError(
      `--attention-guidance: expected 1 for ${name}, which has a predictor, got ${scale}.`,
      { remedy: "Draw the network alone: the folder that the predictor was trained beside." },
    );
  }
  const { unet, size } = network;
  return {
    ...{ scale, threshold: threshold ?? DEFAULT_THRESHOLD },
    blur: blurOf(size, blur),
    site: siteNamed(`--attention-site: ${name}`, sitesOf2D(unet, size, size), site),
  };
}

/** A denoiser guided so; as it is where guidance is null. */
export function guidedByAttention(
  denoiser: Denoiser,
  guidance: AttentionSettings | null,
): Denoiser {
  if (guidance === null) return denoiser;
  const { site, ...rest } = guidance;
  return selfAttentionGuided(denoiser, site, { ...rest, clamp: PICTURE_RANGE });
}

function blurOf(size: number, asked: Blur | undefined): Blur {
  const blur = asked ?? blurFor(size);
  blurMatrix(size, blur); // refuses what does not fit before anything is drawn
  return blur;
}
