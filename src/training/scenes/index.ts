// Captioned scenes: what the shipped model is trained on and what its judges are tested with.

export { BACKGROUNDS, COLOURS, DRAWINGS, NOUNS, SOLIDS, isSolid } from "./kinds.js";
export type { BackgroundName, Colour, DrawingKind, Noun, SolidKind } from "./kinds.js";
export type { Box, DrawnThing, RandomSource, Scene, SceneThing, SolidThing } from "./scene.js";
export { captionOf, placesOf, relationsOf } from "./captions.js";
export { knownWords } from "./known-words.js";
export { namedThings } from "./named-things.js";
export { loadDrawings } from "./drawings.js";
export type { Drawings } from "./drawings.js";
export { combinationsOf, isHeldOut } from "./held-out.js";
export type { Combination } from "./held-out.js";
export { renderAlpha, renderScene } from "./render.js";
export { THING_COUNTS, coverOf, sampleScene, trainingSample } from "./sample.js";
export type { Split, ThingCounts, ThingSides, TrainingSample } from "./sample.js";
export { PROTOCOL_SPLITS, placementProtocol } from "./triples.js";
export type {
  PlacementProtocol,
  ProtocolBox,
  ProtocolRelation,
  ProtocolSplit,
  ProtocolTriple,
} from "./triples.js";
