// Spatial fitting error of students and teachers: maps, regions, bias and variance, curves over time.

export { biasVariance } from "./bias-variance.js";
export type { BiasVariance } from "./bias-variance.js";
export { errorCurve } from "./curve.js";
export type { CurvePoint, CurveSample } from "./curve.js";
export { errorMaps, gradientMagnitude, localVariance, meanMap } from "./maps.js";
export type { BatchShape } from "./maps.js";
export { curvePlot } from "./plot.js";
export type { PlottedCurve } from "./plot.js";
export { compareMasks, equalAreaMasks, insideOutside, masksOfOthers } from "./regions.js";
export type { InsideOutside, MaskComparison, RegionReport } from "./regions.js";
