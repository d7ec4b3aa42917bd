// UNet2DConditionModel: configuration, graph, attention sites.

export { parseNewUNetConfig, parseUNetConfig } from "./config.js";
export type { UNetConfig } from "./config.js";
export { unet, unetFeatures } from "./unet.js";
export type { UNetInputs } from "./unet.js";
export { sitesOf } from "./sites.js";
