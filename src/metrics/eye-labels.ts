// What a person sees in generated pictures, kept in a file, and how often the judge says the same.

import { z } from "zod";
import type { PictureScore, ThingScore } from "./placement.js";

/** What the eye says of a thing: missing, or with its middle in the box asked for or out of it. */
export const EYE_ANSWERS = [
  "?",
  "missing",
  "in",
  "out",
  "in, other colour",
  "out, other colour",
] as const;

const Thing = z.object({ words: z.string(), eye: z.enum(EYE_ANSWERS) });

export const EyeLabels = z.object({
  /** The rule that the pictures were picked by, for people. */
  rule: z.string(),
  model: z.string(),
  digest: z.string(),
  pictures: z.array(
    z.object({
      /** Counted from 1, as on the sheets. */
      number: z.int().positive(),
      /** Id of the triple in the protocol. */
      id: z.string(),
      method: z.string(),
      prompt: z.string(),
      things: z.array(Thing),
    }),
  ),
});
export type EyeLabels = z.infer<typeof EyeLabels>;
export type LabelledThing = z.infer<typeof Thing>;

/** How many pictures are labelled. */
export const EYE_PICTURES = 60;
export const EYE_RULE =
  "The first 60 triples of the list, one picture each, the methods in turn, the turn shifted by one after each round.";

/**
 * The method whose picture of the triple at `index` (from 0) is looked at. Triples with one and two boxes
 * alternate, so that turns without a shift would give a method pictures of one kind alone.
 */
export function methodAt(index: number, methods: readonly string[]): string {
  return methods[(index + Math.floor(index / methods.length)) % methods.length]!;
}

/** The file: one picture a line, to be answered by hand. */
export function eyeLabelsText({ pictures, ...rest }: EyeLabels): string {
  const head = JSON.stringify(rest).slice(0, -1);
  const lines = pictures.map((picture) => JSON.stringify(picture));
  return `${head},"pictures":[\n${lines.join(",\n")}\n]}\n`;
}

/** The questions that are still open: "12: red cube". */
export function unanswered({ pictures }: EyeLabels): string[] {
  return pictures.flatMap(({ number, things }) =>
    things.filter(({ eye }) => eye === "?").map(({ words }) => `${number}: ${words}`),
  );
}

/** How often both give a question the same answer. */
export interface Same {
  readonly asked: number;
  readonly same: number;
  /** `same` over `asked`; 1 where nothing was asked. */
  readonly share: number;
}

export interface EyeAgreement {
  /** Is the thing there? */
  readonly found: Same;
  /** Of things that both see: has it the colour asked for? */
  readonly colourRight: Same;
  /** Of things that both see: is its middle in the box? */
  readonly centreInBox: Same;
  /** Of all things: the same verdict "there, and in its box". */
  readonly placed: Same;
  /** Things that the eye sees and the judge does not, and the reverse: "12: red cube". */
  readonly missed: readonly string[];
  readonly imagined: readonly string[];
}

/**
 * Agreement of the judge's scores with the labels, `scores[i]` being those of picture i.
 *
 * Throws when the lists or the things of a picture differ in length. Ask `unanswered` first.
 */
export function agreementWithEye(
  { pictures }: EyeLabels,
  scores: readonly PictureScore[],
): EyeAgreement {
  const things = pictures.map((picture) => picture.things.length).join();
  const scored = scores.map((score) => score.things.length).join();
  if (things !== scored)
    throw new Error(`eye labels: expected scores of ${things} things, got ${scored}`);
  const pairs = pictures.flatMap(({ number, things: labels }, i) =>
    labels.map(({ words, eye }, k) => {
      const judge = scores[i]!.things[k]!;
      return { eye: answersOf(eye), judge, name: `${number}: ${words}` };
    }),
  );
  const both = pairs.filter(({ eye, judge }) => eye.found && judge.found);
  const painted = both.filter(({ judge }) => judge.colourRight !== null);
  const names = (list: typeof pairs): string[] => list.map(({ name }) => name);
  return {
    found: same(pairs, ({ found }) => found),
    colourRight: same(painted, ({ colourRight }) => colourRight),
    centreInBox: same(both, ({ centreInBox }) => centreInBox),
    placed: same(pairs, ({ centreInBox }) => centreInBox),
    missed: names(pairs.filter(({ eye, judge }) => eye.found && !judge.found)),
    imagined: names(pairs.filter(({ eye, judge }) => !eye.found && judge.found)),
  };
}

type Answers = Pick<ThingScore, "found" | "colourRight" | "centreInBox">;

function answersOf(eye: LabelledThing["eye"]): Answers {
  return {
    found: eye !== "missing",
    colourRight: !eye.endsWith("other colour"),
    centreInBox: eye.startsWith("in"),
  };
}

function same(
  pairs: readonly { readonly eye: Answers; readonly judge: Answers }[],
  question: (answers: Answers) => boolean | null,
): Same {
  const asked = pairs.length;
  const count = pairs.filter(({ eye, judge }) => question(eye) === question(judge)).length;
  return { asked, same: count, share: asked > 0 ? count / asked : 1 };
}

const percent = ({ same, asked, share }: Same): string =>
  `${(share * 100).toFixed(1)} % (${same} of ${asked})`;

/** The agreement as a page. */
export function eyeMarkdown(
  { rule, model, digest, pictures }: EyeLabels,
  agreement: EyeAgreement,
  command: string,
): string {
  const { found, colourRight, centreInBox, placed, missed, imagined } = agreement;
  const list = (names: readonly string[]): string => (names.length > 0 ? names.join(", ") : "none");
  return `# The judge against the eye

${pictures.length} generated pictures, looked at one by one; made by \`${command}\`.
${rule}
Model ${model}, ${digest}. The pictures are pictures.png, ten a row; the labels, made on sheets that
show the boxes asked for and not the judge's finds, are labels.json.

| question | the judge says what the eye says |
| --- | --- |
| is the thing there | ${percent(found)} |
| has it the colour asked for (solids that both see) | ${percent(colourRight)} |
| is its middle in the box (things that both see) | ${percent(centreInBox)} |
| is it there and in its box | ${percent(placed)} |

Seen by the eye alone: ${list(missed)}. Seen by the judge alone: ${list(imagined)}.
`;
}
