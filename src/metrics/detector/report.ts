// The detector's figures as a report: its quality in each condition, its confusions, and the second judge beside it.

import { agreementOf } from "../agreement.js";
import type { Agreement } from "../agreement.js";
import { markdownTable } from "../markdown.js";
import { atThreshold, confusionsOf, qualityOf } from "./quality.js";
import type { DetectorQuality, JudgedPicture } from "./quality.js";
import type { Condition, RenderedJudgement } from "./rendered.js";

/** What a report is made of. */
export interface DetectorFigures {
  /** The threshold, chosen on `validation` alone. */
  readonly threshold: number;
  readonly validation: readonly RenderedJudgement[];
  readonly test: readonly RenderedJudgement[];
  /** Numbers of the training, for the record. */
  readonly training: Readonly<Record<string, number>>;
  /** The command that makes the report. */
  readonly command: string;
}

/** detector.json. */
export interface DetectorReport {
  readonly command: string;
  readonly training: Readonly<Record<string, number>>;
  readonly threshold: number;
  /** All conditions together. */
  readonly validation: DetectorQuality;
  readonly test: DetectorQuality;
  readonly conditions: Readonly<Record<Condition, ConditionReport>>;
  /** The most frequent mistakes of nouns over all conditions of the test scenes. */
  readonly confusions: readonly (readonly [pair: string, count: number])[];
}

export interface ConditionReport {
  readonly detector: DetectorQuality;
  /** The judge without learning, on the solids alone. */
  readonly secondJudge: DetectorQuality;
  readonly agreement: Agreement;
}

const LISTED = 8; // confusions

/** The solids of pictures and the second judge's finds, which know no drawn things. */
function solidsOf({ pictures, secondJudge }: RenderedJudgement): JudgedPicture[] {
  return pictures.map(({ things }, index) => ({
    things: things.filter(({ colour }) => colour !== null),
    detections: secondJudge[index]!,
  }));
}

function conditionReport(judgement: RenderedJudgement, threshold: number): ConditionReport {
  const pictures = atThreshold(judgement.pictures, threshold);
  const judged = pictures.map(({ detections }, index) => ({
    detections,
    secondJudge: judgement.secondJudge[index]!,
  }));
  const asked = pictures.map(({ things }) => ({ boxes: things }));
  return {
    detector: qualityOf(pictures),
    secondJudge: qualityOf(solidsOf(judgement)),
    agreement: agreementOf(judged, asked),
  };
}

/** The figures as a report. */
export function detectorReport(figures: DetectorFigures): DetectorReport {
  const { threshold, validation, test, training, command } = figures;
  const all = (list: readonly RenderedJudgement[]): JudgedPicture[] =>
    atThreshold(
      list.flatMap(({ pictures }) => pictures),
      threshold,
    );
  const conditions = Object.fromEntries(
    test.map((judgement) => [judgement.condition, conditionReport(judgement, threshold)]),
  ) as DetectorReport["conditions"];
  return {
    command,
    training,
    threshold,
    validation: qualityOf(all(validation)),
    test: qualityOf(all(test)),
    conditions,
    confusions: confusionsOf(all(test)).slice(0, LISTED),
  };
}

const percent = (share: number): string => (share * 100).toFixed(1);

function qualityCells(quality: DetectorQuality): string[] {
  const { pictures, things, recall, wrongColour, wrongThing, falseFinds, meanIou } = quality;
  const shares = [recall, wrongColour, wrongThing, falseFinds].map(percent);
  return [String(pictures), String(things), ...shares, meanIou.toFixed(3)];
}

const QUALITY_TITLES = [
  "pictures",
  "things",
  "recall",
  "wrong colour",
  "wrong thing",
  "false finds",
  "mean IoU",
];

/** The report as a page. */
export function detectorMarkdown(report: DetectorReport): string {
  const { threshold, training, conditions, confusions, command } = report;
  const entries = Object.entries(conditions);
  const detectorRows = [
    ["validation, all", ...qualityCells(report.validation)],
    ["test, all", ...qualityCells(report.test)],
    ...entries.map(([name, { detector }]) => [`test, ${name}`, ...qualityCells(detector)]),
  ];
  const secondRows = entries.map(([name, { secondJudge, agreement }]) => {
    const shares = [agreement.onPresence, agreement.onPlace].map(percent);
    return [`test, ${name}`, ...qualityCells(secondJudge), ...shares];
  });
  const mistakes = confusions.map(([pair, count]) => `${pair} (${count})`).join(", ");
  const pictures = training.steps! * training.batch!;
  return `# The judges on rendered scenes

Made by \`${command}\`; the detector was trained by \`npx tsx scripts/detector.ts train\` on
${pictures} pictures (${training.steps} steps of ${training.batch}), rendered scenes only, with blur,
noise, blocks, other tones, wobbling outlines and round trips through the autoencoder.

The confidence threshold, ${threshold}, is the lowest with false finds on at most 2 % of the
validation pictures; it is part of \`models/detector/config.json\` and fixed. Validation and
test scenes come from seeds of their own. Shares in percent. "recall" is of the things at least half
visible, at IoU 0.5; "wrong colour" of the solids found; "wrong thing" of the things where something
else is found in their place; "false finds" of the pictures with a find of any thing that they do not
show.

${markdownTable(["detector", ...QUALITY_TITLES], detectorRows)}

Most frequent mistakes: ${mistakes === "" ? "none" : mistakes}.

The second judge learns nothing: colour masks, largest pieces and shape moments. It knows the solids
only, so drawn things that look like one count among its false finds. "same presence": both judges
find the solid in its colour, or neither does; "same place": their boxes meet at IoU 0.5 where both do.

${markdownTable(["second judge", ...QUALITY_TITLES, "same presence", "same place"], secondRows)}
`;
}
