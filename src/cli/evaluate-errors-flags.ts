// What the verbs that measure errors of pixel models have in common: their flags, and how they run and tell.
import type { Command } from "commander";
import { LIMITS } from "../core/limits.js";
import type { Reporter } from "../pipelines/draw-request.js";
import type { Context, OutputFlags } from "./context.js";
import { print, printJson, reporterFor } from "./context.js";
import { addOutputFlags } from "./draw-flags.js";
import type { ErrorsService, HeldOutReport, HeldOutRequest } from "./services.js";
import { listOf, oneOf, whole } from "./values.js";

const SPLITS = ["train", "test"] as const;
const FITS = ["cover", "pad"] as const;
const LIMIT = { count: [2, 1_000_000], times: [1, 1000], batch: [2, 1024] } as const;

export type ErrorsFlags = OutputFlags & HeldOutRequest;

/** A reader of folders: "a,b". */
export const folders = listOf((text: string) => text.trim());

/** Adds the flags of all three verbs. */
export function addHeldOutFlags(command: Command): Command {
  command
    .requiredOption("--data <pictures>", "held-out pictures: folder, zip, idx or parquet file")
    .option(
      "--split <name>",
      "where there are both: train, test (default: test)",
      oneOf("--split", SPLITS),
    )
    .option(
      "--fit <name>",
      "bring pictures of another size to the models': cover, pad (default: idx files are padded)",
      oneOf("--fit", FITS),
    )
    .option(
      "--seed <n>",
      "of the choice of pictures and their noise",
      whole("--seed", [0, 2 ** 31]),
    )
    .option("--threads <n>", "processor threads", whole("--threads", LIMITS.threads))
    .option("-o, --output <folder>", "where to write JSON and pictures");
  return addOutputFlags(command);
}

/** Adds the numbers of pictures and times. */
export function addTimesFlags(command: Command): Command {
  return command
    .option("--count <n>", "pictures (default: 256)", whole("--count", LIMIT.count))
    .option("--times <n>", "even times t from 0 to 1 (default: 8)", whole("--times", LIMIT.times))
    .option("--batch <n>", "pictures at a time", whole("--batch", LIMIT.batch));
}

/** Adds the numbers of the information test. */
export function addBatchesFlags(command: Command): Command {
  return command
    .option("--batches <n>", "batches (default: 4)", whole("--batches", [1, 100_000]))
    .option("--batch <n>", "pictures of a batch (default: 64)", whole("--batch", LIMIT.batch));
}

/** Runs a measurement and tells its report, as JSON or in lines. */
export async function measure<Report extends { readonly files: readonly string[] }>(
  flags: OutputFlags,
  context: Context,
  {
    run,
    describe,
  }: {
    readonly run: (service: ErrorsService, reporter: Reporter) => Promise<Report>;
    readonly describe: (report: Report) => string[];
  },
): Promise<void> {
  const service = await context.services.errors();
  const reporter = reporterFor(context, flags);
  try {
    const report = await run(service, reporter);
    reporter.finish();
    report.files.forEach((file) => reporter.note(`written: ${file}`));
    if (flags.json) printJson(context, report);
    else describe(report).forEach((line) => print(context, line));
  } finally {
    reporter.finish();
  }
}

/** A request: the flags but those of the output on the terminal. */
export function requestOf<T extends OutputFlags>({
  json: _json,
  quiet: _quiet,
  ...request
}: T): Omit<T, keyof OutputFlags> {
  return request;
}

/** The pictures of a report in words. */
export function describeHeldOut(
  { path, count, of, size, channels, resizing, digest }: HeldOutReport,
  seed: number,
): string {
  const form = `${size}x${size}x${channels} ${resizing}`;
  return `${path}, ${count} of ${of}, ${form}, ${digest.slice(0, 12)}, seed ${seed}`;
}

/** A number with so many digits that count; "-" where there is none. */
export function shown(value: number, digits = 3): string {
  return Number.isFinite(value) ? value.toPrecision(digits) : "-";
}
