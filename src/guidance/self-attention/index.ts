// Attention guidance: in graphs, and around denoisers while sampling.

export { blurFor, blurMatrix } from "./blur.js";
export type { Blur } from "./blur.js";
export {
  attentionGuided,
  DEFAULT_THRESHOLD,
  GUIDANCE_FORMS,
  guidanceEvaluations,
} from "./guide.js";
export type { AttentionGuidance, GuidanceForm } from "./guide.js";
export { selfAttentionGuided } from "./guided-denoiser.js";
export { attentionMask, attentionReceived } from "./mask.js";
export { clamped, clampedPredict } from "./network.js";
export type { Attended, AttentiveNetwork, LevelValues, Predict } from "./network.js";
export { guidanceSite, siteNamed, SiteRecorder } from "./site.js";
