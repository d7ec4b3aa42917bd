// The table of the experiment, from what `sample` and `evaluate distribution` printed.

import type { DistributionReport } from "../../src/pipelines/evaluate-distribution-request.js";
import type { SampleReport } from "../../src/pipelines/sample-request.js";

/** One row's model, drawn in some number of steps. */
export interface Measure {
  readonly row: string;
  readonly title: string;
  readonly sample: SampleReport;
  readonly distribution: DistributionReport;
  /** Seconds a picture, of a run in which all rows took turns; absent where none was made. */
  readonly seconds?: number;
}

const HEAD = [
  "| what | steps | evaluations | ms a picture | seeds | FD-768 | KID x 1000 | precision | recall |",
  "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
];

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A mean, and the range where there are several. */
function spread(values: readonly number[], digits: number): string {
  const middle = mean(values).toFixed(digits);
  if (values.length === 1) return middle;
  return `${middle} (${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)})`;
}

/** Measures that differ in their seed alone. */
function line(measures: readonly Measure[]): string {
  const { title, sample, seconds } = measures[0]!;
  const { network, predictor, latentNetwork } = sample.evaluations.picture;
  const of = (value: (report: DistributionReport) => number): number[] =>
    measures.map(({ distribution }) => value(distribution));
  const extra = latentNetwork > 0 ? ` and ${latentNetwork} of the latent network` : "";
  const cells = [
    title,
    sample.steps,
    `${network + predictor}${extra}`,
    seconds === undefined ? "-" : (1000 * seconds).toFixed(1),
    measures.length,
    spread(
      of(({ frechet }) => frechet),
      3,
    ),
    spread(
      of(({ kernel }) => 1000 * kernel.mean),
      2,
    ),
    mean(of(({ precision }) => precision)).toFixed(3),
    mean(of(({ recall }) => recall)).toFixed(3),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** The table as a page. */
export function sferdMarkdown(name: string, measures: readonly Measure[]): string {
  const first = measures[0]?.distribution;
  if (!first) return `# ${name}\n\nNothing is measured yet.\n`;
  const { pictures, reference, weights, input } = first;
  const groups = new Map<string, Measure[]>();
  for (const measure of measures) {
    const key = `${measure.title} ${measure.sample.steps}`;
    groups.set(key, [...(groups.get(key) ?? []), measure]);
  }
  return [
    `# ${name}: measured`,
    "",
    `Made by \`npx tsx scripts/sferd.ts report ${name}\`. ${pictures.count} pictures of each against ${reference.count} of ${reference.of} of the training set`,
    `(${reference.digest.slice(0, 12)}, ${reference.resizing}); Inception-v3 ${weights.digest.slice(0, 12)}, ${input}.`,
    "",
    ...HEAD,
    ...[...groups.values()].map(line),
    "",
  ].join("\n");
}
