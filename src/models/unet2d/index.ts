// UNet2DModel: configuration, graph, attention sites, and the blocks that its relatives are made of.

export {
  downPlans2D,
  headsOf,
  parseNewUNet2DConfig,
  parseUNet2DConfig,
  strideOf,
  upPlans2D,
} from "./config.js";
export type { BlockPlan2D, Resampling, UNet2DConfig } from "./config.js";
export { unet2d, unet2dFeatures } from "./unet2d.js";
export type { UNet2DInputs, UNet2DResult, UNet2DStages } from "./unet2d.js";
export { selfAttention } from "./blocks.js";
export type { SelfAttentionOptions } from "./blocks.js";
export type { Dropout } from "../../nn/resblock.js";
export { sitesOf2D } from "./sites.js";
