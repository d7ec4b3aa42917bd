// What a scene can hold: the closed lists of colours, solids, drawn things and backgrounds.

/** The colours a solid can have. */
export const COLOURS = [
  "red",
  "green",
  "blue",
  "yellow",
  "orange",
  "purple",
  "white",
  "black",
] as const;
export type Colour = (typeof COLOURS)[number];

/** The coloured solids, drawn by src/training/scenes/solids.ts. */
export const SOLIDS = ["cube", "sphere", "cone", "cylinder", "torus"] as const;
export type SolidKind = (typeof SOLIDS)[number];

/** The drawn things, each with the icon that depicts it; they have no colour word. */
export const DRAWING_ICONS = {
  cat: "cat",
  dog: "dog-face",
  car: "automobile",
  tree: "deciduous-tree",
  house: "house",
  sun: "sun",
  moon: "crescent-moon",
  star: "star",
  flower: "tulip",
  fish: "fish",
  bird: "bird",
  boat: "sailboat",
  apple: "red-apple",
  banana: "banana",
  mushroom: "mushroom",
  rocket: "rocket",
  butterfly: "butterfly",
  rabbit: "rabbit",
  owl: "owl",
  turtle: "turtle",
  elephant: "elephant",
  penguin: "penguin",
  snail: "snail",
  bus: "bus",
  umbrella: "umbrella",
  cake: "birthday-cake",
  pig: "pig",
  robot: "robot",
} as const;
export type DrawingKind = keyof typeof DRAWING_ICONS;
export const DRAWINGS = Object.keys(DRAWING_ICONS) as readonly DrawingKind[];

/** Width over height of what each icon shows, to two decimals; a test compares them with the icons. */
export const DRAWING_ASPECTS: Readonly<Record<DrawingKind, number>> = {
  cat: 1.04,
  dog: 1.06,
  car: 1.48,
  tree: 0.82,
  house: 1.03,
  sun: 0.96,
  moon: 1.04,
  star: 1.09,
  flower: 0.65,
  fish: 1.15,
  bird: 0.95,
  boat: 1,
  apple: 1,
  banana: 1,
  mushroom: 1,
  rocket: 1.01,
  butterfly: 1,
  rabbit: 1.02,
  owl: 0.78,
  turtle: 1.66,
  elephant: 1.21,
  penguin: 1,
  snail: 1,
  bus: 1.27,
  umbrella: 1,
  cake: 1,
  pig: 1.34,
  robot: 1,
};

/** The backgrounds, painted by src/training/scenes/backgrounds.ts. */
export const BACKGROUNDS = [
  "meadow",
  "beach",
  "desert",
  "night sky",
  "snow",
  "room",
  "sea",
  "grey",
] as const;
export type BackgroundName = (typeof BACKGROUNDS)[number];

export type Noun = SolidKind | DrawingKind;
/** Every noun a caption can name, solids first. */
export const NOUNS: readonly Noun[] = [...SOLIDS, ...DRAWINGS];

/** Whether a noun names a solid, which always carries a colour. */
export function isSolid(noun: string): noun is SolidKind {
  return (SOLIDS as readonly string[]).includes(noun);
}
