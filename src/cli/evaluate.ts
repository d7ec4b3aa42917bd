// followspot evaluate: figures that say how well a model and the methods do.
import type { Command } from "commander";
import { LIMITS } from "../pipelines/recipe.js";
import type { Context, OutputFlags } from "./context.js";
import { print, printJson, reporterFor } from "./context.js";
import { addOutputFlags } from "./draw-flags.js";
import { DEFAULT_MODEL } from "./draw.js";
import type { EvaluateRequest, PlacementTable } from "./services.js";
import { tableLines } from "./table.js";
import { oneOf, whole } from "./values.js";

const SPLITS = ["test", "tune"] as const;
const MAX_COUNT = 100_000;

interface EvaluateFlags extends OutputFlags {
  model: string;
  count?: number;
  split: (typeof SPLITS)[number];
  threads?: number;
}

export function addEvaluate(program: Command, context: Context): void {
  const group = program.command("evaluate").description("measure a model and the methods");
  const command = group
    .command("placement")
    .description("how often things land in their boxes, for each method")
    .option("--model <model>", "name, folder or hub id", DEFAULT_MODEL)
    .option("--count <n>", "how many of the listed pictures", whole("--count", [1, MAX_COUNT]))
    .option("--split <name>", `of the list: ${SPLITS.join(", ")}`, oneOf("--split", SPLITS), "test")
    .option("--threads <n>", "processor threads", whole("--threads", LIMITS.threads));
  addOutputFlags(command).action((flags: EvaluateFlags) => evaluatePlacement(flags, context));
}

async function evaluatePlacement(flags: EvaluateFlags, context: Context): Promise<void> {
  const { model, split, count, threads } = flags;
  const request: EvaluateRequest = {
    model,
    split,
    ...(count === undefined ? {} : { count }),
    ...(threads === undefined ? {} : { threads }),
  };
  const service = await context.services.evaluation();
  const reporter = reporterFor(context, flags);
  try {
    const table = await service.evaluatePlacement(request, reporter, context.signal);
    reporter.finish();
    if (flags.json) printJson(context, table);
    else describePlacement(table).forEach((line) => print(context, line));
  } finally {
    reporter.finish();
  }
}

const percent = (share: number | null): string =>
  (share === null ? "-" : (share * 100).toFixed(1)).padStart(5);

/** The table as lines for a person, shares in percent. */
export function describePlacement({ model, split, count, rows }: PlacementTable): string[] {
  return [
    `${model}, ${count} pictures of the ${split} list, shares in %`,
    "",
    ...tableLines([
      ["method", "found", "colour", "centre", "mean IoU", "both", "relation", "evaluations"],
      ...rows.map((row) => [
        row.method,
        percent(row.found),
        percent(row.colourRight),
        percent(row.centreInBox),
        row.meanIou.toFixed(3),
        percent(row.bothInBox),
        percent(row.relationKept),
        row.evaluations,
      ]),
    ]),
  ];
}
