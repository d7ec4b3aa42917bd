// The table of the experiment, from what `sample`, the judge of digits and `evaluate distribution` said.

import type { DistributionReport } from "../../src/pipelines/evaluate-distribution-request.js";
import type { SampleReport } from "../../src/pipelines/sample-request.js";
import type { DigitsReport } from "./digits-measure.js";
import { ratioOf } from "./ratios.js";

/** What is kept of one row's model, drawn in some number of steps. */
export interface Measured {
  readonly sample: SampleReport;
  readonly digits: DigitsReport;
  /** By Inception; absent where that was not asked. */
  readonly distribution?: DistributionReport;
}

export interface Measure extends Measured {
  readonly row: string;
  readonly title: string;
  /** Seconds a picture, of a run in which all rows took turns; absent where none was made. */
  readonly seconds?: number;
}

const HEAD = [
  "| what | steps | evaluations | ms a picture | seeds | pictures | FD-digits | precision | recall | sure | FD-768 | KID x 1000 |",
  "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
];

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A mean, and the range where there are several; a dash where there is nothing. */
function spread(values: readonly number[], digits: number): string {
  if (values.length === 0) return "-";
  const middle = mean(values).toFixed(digits);
  if (values.length === 1) return middle;
  return `${middle} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}

/** Measures that differ in their seed alone. */
function line(measures: readonly Measure[]): string {
  const { title, sample, seconds, digits } = measures[0]!;
  const { network, predictor, latentNetwork } = sample.evaluations.picture;
  const digitsOf = (value: (report: DigitsReport) => number): number[] =>
    measures.map((measure) => value(measure.digits));
  const inceptions = measures.flatMap(({ distribution }) => distribution ?? []);
  const extra = latentNetwork > 0 ? ` and ${latentNetwork} of the latent network` : "";
  const cells = [
    title,
    sample.steps,
    `${network + predictor}${extra}`,
    seconds === undefined ? "-" : (1000 * seconds).toFixed(1),
    measures.length,
    digits.count,
    spread(digitsOf(({ frechet }) => frechet), 2), // prettier-ignore
    mean(digitsOf(({ precision }) => precision)).toFixed(3),
    mean(digitsOf(({ recall }) => recall)).toFixed(3),
    mean(digitsOf(({ sure }) => sure)).toFixed(3),
    spread(inceptions.map(({ frechet }) => frechet), 3), // prettier-ignore
    spread(inceptions.map(({ kernel }) => 1000 * kernel.mean), 2), // prettier-ignore
  ];
  return `| ${cells.join(" | ")} |`;
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

const RATIO_HEAD = [
  "| one step, of the base | FD-digits | 95 % | FD-768 | 95 % |",
  "| --- | ---: | ---: | ---: | ---: |",
];

/** Rows of one step and several seeds over `base`, by both distances. */
function ratioLines(groups: readonly (readonly Measure[])[], base: string): string[] {
  const seeded = groups.filter((group) => group.length > 1 && group[0]!.sample.steps === 1);
  const reference = seeded.find(([first]) => first!.row === base);
  if (!reference) return [];
  const lines = seeded
    .filter((group) => group !== reference)
    .map((group) => {
      const digits = (measures: readonly Measure[]) => measures.map((each) => each.digits.frechet);
      const inception = (measures: readonly Measure[]) =>
        measures.flatMap(({ distribution }) => distribution?.frechet ?? []);
      const cells = [digits, inception].flatMap((of) => {
        const found = ratioOf(of(group), of(reference));
        if (!found) return ["-", "-"];
        const { ratio, low, high } = found;
        return [ratio.toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`];
      });
      return `| ${[group[0]!.title, ...cells].join(" | ")} |`;
    });
  const told = `Ratios of geometric means over seeds, base: ${reference[0]!.title}; intervals by Student's t on the logarithms.`;
  return lines.length === 0 ? [] : ["", told, "", ...RATIO_HEAD, ...lines];
}

/** The table as a page. */
export function sferdMarkdown(name: string, measures: readonly Measure[]): string {
  if (measures.length === 0) return `# ${name}\n\nNothing is measured yet.\n`;
  const groups = new Map<string, Measure[]>();
  for (const measure of measures) {
    const key = `${measure.title} ${measure.sample.steps}`;
    groups.set(key, [...(groups.get(key) ?? []), measure]);
  }
  return [
    `# ${name}: measured`,
    "",
    `Made by \`npx tsx scripts/sferd.ts report ${name}\`. FD-digits, precision, recall: the pictures against as many of the training set, on the`,
    "features of the judge of digits; sure: the share of which it is nine tenths sure. Where there are several seeds, mean (lowest to highest).",
    ...inceptionLines(measures),
    "",
    ...HEAD,
    ...[...groups.values()].map(line),
    ...ratioLines([...groups.values()], "pd"),
    "",
  ].join("\n");
}
