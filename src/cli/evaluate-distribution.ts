// followspot evaluate distribution: how near a set of pictures is to another.
import type { Command } from "commander";
import { RESIZE_FILTERS } from "../io/dataset/dataset.js";
import type { ResizeFilter } from "../io/dataset/dataset.js";
import { LIMITS } from "../core/limits.js";
import type { Context, OutputFlags } from "./context.js";
import { print, printJson, reporterFor } from "./context.js";
import { addOutputFlags } from "./draw-flags.js";
import type { DistributionReport, DistributionRequest } from "./services.js";
import { tableLines } from "./table.js";
import { oneOf, whole } from "./values.js";

const FEATURES = ["768", "2048"] as const;
const SPLITS = ["train", "test"] as const;
const LIMIT = { count: [4, 10_000_000], size: [1, 4096], batch: [1, 1024] } as const;
const WEIGHTS_VARIABLE = "FOLLOWSPOT_INCEPTION";

interface DistributionFlags extends OutputFlags {
  against: string;
  weights?: string;
  features?: (typeof FEATURES)[number];
  count?: number;
  size?: number;
  filter?: ResizeFilter;
  split?: (typeof SPLITS)[number];
  seed?: number;
  few?: boolean;
  cache?: string;
  batch?: number;
  threads?: number;
}

export function addEvaluateDistribution(group: Command, context: Context): void {
  const command = group
    .command("distribution")
    .description("how near pictures are to a reference: Fréchet distance, KID, precision, recall")
    .argument("<pictures>", "folder, zip, idx or parquet file")
    .requiredOption("--against <reference>", "the pictures to compare with, in any of these forms")
    .option(
      "--weights <file>",
      `safetensors of Inception-v3; ${WEIGHTS_VARIABLE} of the environment when absent`,
    )
    .option("--features <n>", "numbers a picture: 768 or 2048", oneOf("--features", FEATURES))
    .option("--count <n>", "pictures of each set, chosen at random", whole("--count", LIMIT.count))
    .option("--size <side>", "bring all pictures to this side", whole("--size", LIMIT.size))
    .option(
      "--filter <name>",
      `how: ${RESIZE_FILTERS.join(", ")}`,
      oneOf("--filter", RESIZE_FILTERS),
    )
    .option("--split <name>", "of the reference: train, test", oneOf("--split", SPLITS))
    .option("--seed <n>", "of the choices", whole("--seed", [0, 2 ** 31]))
    .option("--few", "allow fewer pictures than features: a biased figure")
    .option("--cache <folder>", "where the reference's features are kept")
    .option("--batch <n>", "pictures at a time", whole("--batch", LIMIT.batch))
    .option("--threads <n>", "processor threads", whole("--threads", LIMITS.threads));
  addOutputFlags(command).action((pictures: string, flags: DistributionFlags) =>
    evaluateDistribution(pictures, flags, context),
  );
}

async function evaluateDistribution(
  pictures: string,
  flags: DistributionFlags,
  context: Context,
): Promise<void> {
  const service = await context.services.distribution();
  const reporter = reporterFor(context, flags);
  const request = requestOf(pictures, flags, context.env);
  try {
    const report = await service.evaluateDistribution(request, reporter, context.signal);
    reporter.finish();
    if (flags.json) printJson(context, report);
    else describeDistribution(report).forEach((line) => print(context, line));
  } finally {
    reporter.finish();
  }
}

function requestOf(
  pictures: string,
  { against, features, weights, json: _json, quiet: _quiet, ...flags }: DistributionFlags,
  env: Context["env"],
): DistributionRequest {
  const file = weights ?? env[WEIGHTS_VARIABLE];
  return {
    ...{ pictures, reference: against, ...flags },
    ...(file === undefined ? {} : { weights: file }),
    ...(features === undefined ? {} : { features: features === "768" ? 768 : 2048 }),
  };
}

/** The report as lines for a person. */
export function describeDistribution(report: DistributionReport): string[] {
  const { kernel, pictures, reference, weights, inceptionScore: score } = report;
  const biased = Math.min(pictures.count, reference.count) <= Number(report.distance.slice(3));
  const spread = (value: { mean: number; deviation: number }, digits: number): string =>
    `${value.mean.toFixed(digits)} ± ${value.deviation.toFixed(digits)}`;
  const set = ({ path, count, of, size, resizing, digest, cached }: typeof pictures): string =>
    `${path}, ${count} of ${of}, ${size}x${size} ${resizing}, ` +
    `${digest.slice(0, 12)}${cached ? ", features kept from before" : ""}`;
  return tableLines([
    [
      report.distance,
      `${report.frechet.toFixed(3)}${biased ? " (few pictures: biased upwards)" : ""}`,
    ],
    ["KID", `${spread(kernel, 6)} over ${kernel.subsets} subsets of ${kernel.subsetSize}`],
    ["precision", `${report.precision.toFixed(4)} (k = ${report.neighbours})`],
    ["recall", `${report.recall.toFixed(4)} (k = ${report.neighbours})`],
    ...(score ? [["Inception Score", `${spread(score, 3)} over ${score.parts} parts`]] : []),
    ["pictures", set(pictures)],
    ["reference", set(reference)],
    ["network", `Inception-v3, weights ${weights.digest.slice(0, 12)}, ${report.input}`],
    ["seed", String(report.seed)],
    ["seconds", report.seconds.toFixed(1)],
  ]);
}
