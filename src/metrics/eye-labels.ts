// What a person sees in generated pictures, kept in a file, and how often the judge says the same.

import { z } from "zod";
import type { PictureScore, ThingScore } from "./placement.js";

const answer = z.boolean().nullable();
const Thing = z.object({
  words: z.string(),
  /** Whether the thing can be recognised; null until someone has looked. */
  found: answer,
  /** Whether it has the colour asked for; null for drawn things and things not found. */
  colourRight: answer,
  /** Whether its middle lies in the box asked for; null for things not found. */
  centreInBox: answer,
});

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

/** The questions that are still open: "12: red cube". */
export function unanswered({ pictures }: EyeLabels): string[] {
  return pictures.flatMap(({ number, things }) =>
    things.filter(({ found }) => found === null).map(({ words }) => `${number}: ${words}`),
  );
}

/** Questions that both answered, and how often the answers are the same. */
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

type Question = "found" | "colourRight" | "centreInBox";

/**
 * Agreement of the judge's scores with the labels, `scores[i]` being those of picture i.
 *
 * Throws when the lists or the things of a picture differ in length.
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
    labels.map((eye, k) => ({
      eye,
      judge: scores[i]!.things[k]!,
      name: `${number}: ${eye.words}`,
    })),
  );
  const both = pairs.filter(({ eye, judge }) => eye.found === true && judge.found);
  const names = (list: typeof pairs): string[] => list.map(({ name }) => name);
  return {
    found: sameOf(pairs, "found"),
    colourRight: sameOf(both, "colourRight"),
    centreInBox: sameOf(both, "centreInBox"),
    placed: countSame(
      pairs.map(({ eye, judge }) => [
        eye.found && eye.centreInBox,
        judge.found && judge.centreInBox,
      ]),
    ),
    missed: names(pairs.filter(({ eye, judge }) => eye.found === true && !judge.found)),
    imagined: names(pairs.filter(({ eye, judge }) => eye.found === false && judge.found)),
  };
}

function sameOf(
  pairs: readonly { readonly eye: LabelledThing; readonly judge: ThingScore }[],
  question: Question,
): Same {
  return countSame(pairs.map(({ eye, judge }) => [eye[question], judge[question]]));
}

function countSame(answers: readonly (readonly [boolean | null, boolean | null])[]): Same {
  const answered = answers.filter(([eye, judge]) => eye !== null && judge !== null);
  const same = answered.filter(([eye, judge]) => eye === judge).length;
  return { asked: answered.length, same, share: answered.length > 0 ? same / answered.length : 1 };
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
Model ${model}, ${digest}. The pictures are pictures.png, ten a row; the labels, made without sight of the
judge's finds or the method's name, are labels.json.

| question | the judge says what the eye says |
| --- | --- |
| is the thing there | ${percent(found)} |
| has it the colour asked for (solids that both see) | ${percent(colourRight)} |
| is its middle in the box (things that both see) | ${percent(centreInBox)} |
| is it there and in its box | ${percent(placed)} |

Seen by the eye alone: ${list(missed)}. Seen by the judge alone: ${list(imagined)}.
`;
}
