// followspot evaluate fitting: where in the picture students err, beside what their teacher attends to.
import type { Command } from "commander";
import { FITTING_TARGETS } from "../pipelines/evaluate-errors-request.js";
import type { FittingTarget } from "../pipelines/evaluate-errors-request.js";
import { shortNames } from "../pipelines/evaluate-names.js";
import type { Context } from "./context.js";
import {
  addHeldOutFlags,
  addTimesFlags,
  describeHeldOut,
  folders,
  measure,
  requestOf,
  shown,
} from "./evaluate-errors-flags.js";
import type { ErrorsFlags } from "./evaluate-errors-flags.js";
import type { FittingReport, FittingRequest } from "./services.js";
import { tableLines } from "./table.js";
import { whole } from "./values.js";

type FittingError = FittingReport["points"][number]["teacher"];

export function addEvaluateFitting(group: Command, context: Context): void {
  const command = group
    .command("fitting")
    .description("where students err: inside and outside of the teacher's attention, with controls")
    .requiredOption("--teacher <folder>", "whose attention makes the masks")
    .requiredOption("--students <folders>", "A, or A,B,C for bias and variance", folders)
    .option("--site <name>", "self-attention site of the masks (default: guidance's)")
    .option(
      "--teacher-steps <n>",
      "DDIM steps of the teacher to what students were taught (default: as they were taught)",
      whole("--teacher-steps", [1, 10_000]),
    );
  addHeldOutFlags(addTimesFlags(command)).action((flags: ErrorsFlags & FittingRequest) =>
    measure(flags, context, {
      run: (service, reporter) =>
        service.evaluateFitting(requestOf(flags), reporter, context.signal),
      describe: describeFitting,
    }),
  );
}

/** The report as lines for a person. */
export function describeFitting(report: FittingReport): string[] {
  const { data, seed, site, threshold, points, seconds, students } = report;
  const names = shortNames(students.map(({ name }) => name));
  const masked = points.map((point) => point.masked);
  const range = [Math.min(...masked), Math.max(...masked)].map((share) => (100 * share).toFixed(0));
  return [
    describeHeldOut(data, seed),
    `masks of ${site}, attention above ${threshold}: ${range[0]} to ${range[1]} % of the pixels`,
    "error: mean squared, pictures in [-1, 1]; then its ratio inside to outside of the teacher's attention, of as many",
    "pixels by gradient, of another picture's attention; the same of the error over the target's local variance",
    "to: taught, where the teacher arrives in a student's step; teacher, its answer in one evaluation; the picture itself",
    "",
    ...errorTable(report, names),
    "",
    ...spreadLines(report),
    ...names.flatMap((name, i) =>
      FITTING_TARGETS.map((target) => verdict(report, name, i, target)),
    ),
    ...(points.some((point) => point.students.some(({ trained }) => !trained))
      ? ["* a time that the student was not trained at"]
      : []),
    `${seconds.toFixed(1)} seconds`,
  ];
}

const HEADING = [
  ...["t", "of", "to", "error", "inside/outside", "gradient", "other"],
  ...["relative", "gradient", "other", "above both"],
];

function errorTable({ points }: FittingReport, names: readonly string[]): string[] {
  const rows = points.flatMap(({ t, teacher, students }) => [
    rowOf([timeOf(t), "teacher", "picture"], teacher),
    ...students.flatMap((student, i) =>
      FITTING_TARGETS.map((target) =>
        rowOf([`${timeOf(t)}${student.trained ? "" : " *"}`, names[i]!, target], student[target]),
      ),
    ),
  ]);
  return tableLines([HEADING, ...rows]);
}

function rowOf(begin: readonly string[], { error, regions }: FittingError): string[] {
  const ratios = [regions.error, regions.relative].flatMap(({ attention, gradient, other }) =>
    [attention, gradient, other].map(({ ratio }) => shown(ratio)),
  );
  return [...begin, shown(error), ...ratios, regions.holds ? "yes" : "no"];
}

function verdict(
  { points }: FittingReport,
  name: string,
  student: number,
  target: FittingTarget,
): string {
  const held = points.filter((point) => point.students[student]![target].regions.holds).length;
  return `${name} to ${target}: attention's ratios above both controls' at ${held} of ${points.length} times`;
}

function spreadLines({ points, students }: FittingReport): string[] {
  const rows = points.flatMap(({ t, spread }) =>
    spread
      ? FITTING_TARGETS.map((target) => {
          const { error, bias, variance } = spread[target];
          return [timeOf(t), target, shown(error), shown(bias), shown(variance)];
        })
      : [],
  );
  if (rows.length === 0) return [];
  const heading = ["t", "to", "error", "bias", "variance"];
  return [`over ${students.length} students:`, ...tableLines([heading, ...rows]), ""];
}

const timeOf = (t: number): string => String(Number(t.toFixed(4)));
