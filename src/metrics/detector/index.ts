// The first judge: names and boxes what a picture shows.

export {
  DETECTOR_CLASS,
  createDetector,
  loadDetector,
  saveDetector,
  saveThreshold,
} from "./detector.js";
export type { Detector, DetectorConfig } from "./detector.js";
export { decodeMaps } from "./decode.js";
export type { Detection, HostMaps } from "./decode.js";
export { DETECTOR_WIDTHS, detectorNetwork } from "./network.js";
export type { DetectorWidths } from "./network.js";
export { atThreshold, chooseThreshold, confusionsOf, qualityOf, visibleShares } from "./quality.js";
export type { DetectorQuality, JudgedPicture, VisibleThing } from "./quality.js";
