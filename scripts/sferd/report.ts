// The table of the experiment, from what `sample`, the judge of digits and `evaluate distribution` said.

import type { DistributionReport } from "../../src/pipelines/evaluate-distribution-request.js";
import type { SampleReport } from "../../src/pipelines/sample-request.js";
import type { Contrast } from "./contrast.js";
import type { DigitsReport } from "./digits-measure.js";
import type { Painted } from "./painted.js";
import { ratioOf } from "./ratios.js";

/** What is kept of one row's model, drawn in some number of steps. */
export interface Measured {
  readonly sample: SampleReport;
  /** Of pictures of digits. */
  readonly digits?: DigitsReport;
  /** By Inception; absent where that was not asked. */
  readonly distribution?: DistributionReport;
  /** By Inception with the background painted black, of pictures of digits. */
  readonly painted?: Painted;
  /** Absent where that was not asked. */
  readonly contrast?: Contrast;
  /** Network evaluations times pictures that the model took, as its folder tells; absent where nobody wrote them down. */
  readonly spent?: number;
}

export interface Measure extends Measured {
  readonly row: string;
  readonly title: string;
  /** Seconds a picture, of a run in which all rows took turns; absent where none was made. */
  readonly seconds?: number;
  /** What `spent` was to be; 0 for a teacher. */
  readonly planned: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A mean, and the range where there are several; a dash where there is nothing. */
function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return "-";
  const middle = mean(values).toFixed(digits);
  if (values.length === 1) return middle;
  return `${middle} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}

/** A column: what it says of measures that differ in their seed alone. */
type Column = readonly [head: string, cell: (measures: readonly Measure[]) => string | number];

function evaluationsOf({ sample }: Measure): string {
  const { network, predictor, latentNetwork } = sample.evaluations.picture;
  const extra = latentNetwork > 0 ? ` and ${latentNetwork} of the latent network` : "";
  return `${network + predictor}${extra}`;
}

/** Seeds may have been drawn in different numbers. */
const picturesOf = (measures: readonly Measure[]): string =>
  [...new Set(measures.map(({ sample }) => sample.count))].join(", ");

const milliseconds = ({ seconds }: Measure): string =>
  seconds === undefined ? "-" : (1000 * seconds).toFixed(1);

/** In full, in groups of three; of seeds, which cost the same, the first. */
const costs =
  (of: (measure: Measure) => number | undefined): Column[1] =>
  (measures) => {
    const found = measures.map(of).find((each) => each !== undefined && each > 0);
    return found?.toLocaleString("en-US") ?? "-";
  };

const DRAWN: readonly Column[] = [
  ["steps", ([first]) => first!.sample.steps],
  ["evaluations", ([first]) => evaluationsOf(first!)],
  ["ms a picture", ([first]) => milliseconds(first!)],
  ["seeds", ({ length }) => length],
  ["pictures", picturesOf],
  ["planned", costs(({ planned }) => planned)],
  ["spent", costs(({ spent }) => spent)],
];

/** Figures of one judge: where there are several, their mean with the range or alone. */
function figures<Report>(reportOf: (measure: Measure) => Report | undefined) {
  const all = (measures: readonly Measure[], value: (report: Report) => number): number[] =>
    measures.flatMap((measure) => {
      const report = reportOf(measure);
      return report === undefined ? [] : value(report);
    });
  return {
    all,
    ranged:
      (value: (report: Report) => number, digits: number): Column[1] =>
      (measures) =>
        spread(all(measures, value), digits),
    plain:
      (value: (report: Report) => number): Column[1] =>
      (measures) => {
        const values = all(measures, value);
        return values.length === 0 ? "-" : mean(values).toFixed(3);
      },
  };
}

const BY_DIGITS = figures(({ digits }) => digits);
const BY_INCEPTION = figures(({ distribution }) => distribution);

const DIGITS: readonly Column[] = [
  ["FD-digits", BY_DIGITS.ranged(({ frechet }) => frechet, 2)],
  ["precision", BY_DIGITS.plain(({ precision }) => precision)],
  ["recall", BY_DIGITS.plain(({ recall }) => recall)],
  ["sure", BY_DIGITS.plain(({ sure }) => sure)],
];

const INCEPTION: readonly Column[] = [
  ["FD-768", BY_INCEPTION.ranged(({ frechet }) => frechet, 3)],
  ["KID x 1000", BY_INCEPTION.ranged(({ kernel }) => 1000 * kernel.mean, 2)],
  ["precision", BY_INCEPTION.plain(({ precision }) => precision)],
  ["recall", BY_INCEPTION.plain(({ recall }) => recall)],
];

const BY_PAINTED = figures(({ painted }) => painted);

const PAINTED: readonly Column[] = [
  ["black", BY_PAINTED.plain(({ black }) => black)],
  ["dim", BY_PAINTED.plain(({ dim }) => dim)],
  ["FD-768, painted", BY_PAINTED.ranged(({ frechet }) => frechet, 3)],
];

const BY_CONTRAST = figures(({ contrast }) => contrast);

const CONTRAST: Column = ["contrast", BY_CONTRAST.plain(({ pictures }) => pictures)];

/** The table's lines, a row for each group. */
function tableLines(groups: readonly (readonly Measure[])[], digits: boolean): string[] {
  const painted = groups.flat().some((measure) => measure.painted !== undefined);
  const ofDigits = [...DIGITS, ...INCEPTION, ...(painted ? PAINTED : [])];
  const contrasted = groups.flat().some((measure) => measure.contrast !== undefined);
  const ofPhotographs = [...INCEPTION, ...(contrasted ? [CONTRAST] : [])];
  const judged = digits ? ofDigits : ofPhotographs;
  const columns: Column[] = [["what", ([first]) => first!.title], ...DRAWN, ...judged];
  const rule = columns.map((_, i) => (i === 0 ? "---" : "---:"));
  const rows = groups.map((measures) => columns.map(([, cell]) => cell(measures)));
  return [columns.map(([head]) => head), rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

/** What Inception's figures were taken of, where there are any. */
function inceptionLines(measures: readonly Measure[]): string[] {
  const first = measures.find(({ distribution }) => distribution)?.distribution;
  if (!first) return [];
  const { pictures, reference, weights, input } = first;
  return [
    `FD-768 and KID: ${pictures.count} of these pictures against ${reference.count} of ${reference.of} of the training set`,
    `(${reference.digest.slice(0, 12)}, ${reference.resizing}); Inception-v3 ${weights.digest.slice(0, 12)}, ${input}.`,
  ];
}

/** What contrast is, and that of the training set, where it was measured. */
function contrastLines(measures: readonly Measure[]): string[] {
  const first = measures.find(({ contrast }) => contrast)?.contrast;
  if (!first) return [];
  const { count, data } = first;
  return [
    "Contrast: the standard deviation of each channel within a picture, levels on a scale from -1 to 1, mean over channels and",
    `${count} pictures; the training set has ${data.toFixed(3)}.`,
  ];
}

/** Rows of one step and several seeds over `base`, by the distances there are. */
function ratioLines(groups: readonly (readonly Measure[])[], base: string, digits: boolean) {
  const seeded = groups.filter((group) => group.length > 1 && group[0]!.sample.steps === 1);
  const reference = seeded.find(([first]) => first!.row === base);
  const others = seeded.filter((group) => group !== reference);
  if (!reference || others.length === 0) return [];
  const inDigits = (group: readonly Measure[]) => BY_DIGITS.all(group, ({ frechet }) => frechet);
  const inInception = (group: readonly Measure[]) =>
    BY_INCEPTION.all(group, ({ frechet }) => frechet);
  const ratio = (of: typeof inDigits): [Column[1], Column[1]] => [
    (group) => ratioOf(of(group), of(reference))?.ratio.toFixed(2) ?? "-",
    (group) => {
      const found = ratioOf(of(group), of(reference));
      return found ? `${found.low.toFixed(2)} to ${found.high.toFixed(2)}` : "-";
    },
  ];
  const columns = [...(digits ? ratio(inDigits) : []), ...ratio(inInception)];
  const heads = [...(digits ? ["FD-digits", "95 %"] : []), "FD-768", "95 %"];
  const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
  return [
    "",
    `Ratios of geometric means over seeds, base: ${reference[0]!.title}; intervals by Student's t on the logarithms.`,
    "",
    row(["one step, of the base", ...heads]),
    row(["---", ...heads.map(() => "---:")]),
    ...others.map((group) => row([group[0]!.title, ...columns.map((cell) => cell(group))])),
  ];
}

const BUDGETS_TOLD = [
  "Planned and spent: network evaluations times pictures that went into the model, the teacher's and those of students before",
  "it included; the teacher's own training, the same for all, is not. Spent is what the model's folder tells, a dash where no",
  "folder was there to be asked any more.",
];

const DIGITS_TOLD = [
  "FD-digits and the first precision and recall: the pictures against as many of the training set, on the",
  "features of the judge of digits; sure: the share of which it is nine tenths sure. Where there are such columns,",
  "black and dim are the shares of places at level 0 and at 24 to 59; painted: levels below 24 made black before",
  "Inception looks.",
];

/** The table as a page. */
export function sferdMarkdown(name: string, measures: readonly Measure[]): string {
  if (measures.length === 0) return `# ${name}\n\nNothing is measured yet.\n`;
  const groups = new Map<string, Measure[]>();
  for (const measure of measures) {
    const key = `${measure.title} ${measure.sample.steps}`;
    groups.set(key, [...(groups.get(key) ?? []), measure]);
  }
  const digits = measures.some((measure) => measure.digits !== undefined);
  const rows = [...groups.values()];
  return [
    `# ${name}: measured`,
    "",
    `Made by \`npx tsx scripts/sferd.ts report ${name}\`. Where there are several seeds, mean (lowest to highest).`,
    ...BUDGETS_TOLD,
    ...(digits ? DIGITS_TOLD : []),
    ...inceptionLines(measures),
    ...(digits ? [] : contrastLines(measures)),
    "",
    ...tableLines(rows, digits),
    ...ratioLines(rows, "pd", digits),
    "",
  ].join("\n");
}
