// followspot evaluate: figures that say how well a model and the methods do.
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { LISTED_SETTINGS } from "../pipelines/evaluate-request.js";
import { LIMITS } from "../core/limits.js";
import { METHOD_NAMES } from "../pipelines/recipe-methods.js";
import type { MethodName } from "../pipelines/recipe-methods.js";
import type { Context, OutputFlags } from "./context.js";
import { print, printJson, reporterFor } from "./context.js";
import { addOutputFlags } from "./draw-flags.js";
import { DEFAULT_MODEL } from "./draw.js";
import { addEvaluateDenoising } from "./evaluate-denoising.js";
import { addEvaluateDistribution } from "./evaluate-distribution.js";
import { addEvaluateFitting } from "./evaluate-fitting.js";
import { addEvaluateInformation } from "./evaluate-information.js";
import type { EvaluateRequest, PlacementSettings, PlacementTable } from "./services.js";
import { tableLines } from "./table.js";
import { listOf, number, oneOf, whole } from "./values.js";

const SPLITS = ["test", "tune"] as const;
const MAX_COUNT = 100_000;
const TRIED = "on the tune list only: ";

interface EvaluateFlags extends OutputFlags, PlacementSettings {
  model: string;
  count?: number;
  split: (typeof SPLITS)[number];
  methods?: MethodName[];
  output?: string;
  threads?: number;
  jobs?: number;
}

export function addEvaluate(program: Command, context: Context): void {
  const group = program.command("evaluate").description("measure a model and the methods");
  const command = group
    .command("placement")
    .description("how often things land in their boxes, for each method")
    .option("--model <model>", "name, folder or hub id", DEFAULT_MODEL)
    .option("--count <n>", "how many of the listed pictures", whole("--count", [1, MAX_COUNT]))
    .option("--split <name>", `of the list: ${SPLITS.join(", ")}`, oneOf("--split", SPLITS), "test")
    .option(
      "--methods <names>",
      `some of ${METHOD_NAMES.join(",")} (default: all)`,
      listOf(oneOf("--methods", METHOD_NAMES)),
    )
    .option("-o, --output <folder>", "where to write the table, the page and the sheets")
    .option("--threads <n>", "processor threads of a picture", whole("--threads", LIMITS.threads))
    .option(
      "--jobs <n>",
      "pictures drawn at once, each with its own copy of the model (default: 1)",
      whole("--jobs", [1, Math.max(8, availableParallelism())]),
    );
  addSettings(command);
  addOutputFlags(command).action((flags: EvaluateFlags) => evaluatePlacement(flags, context));
  addEvaluateDistribution(group, context);
  addEvaluateDenoising(group, context);
  addEvaluateFitting(group, context);
  addEvaluateInformation(group, context);
}

/** Settings to choose between: each value of a list is a row of its own. */
function addSettings(command: Command): void {
  command
    .option(
      "--strength <list>",
      `${TRIED}factors on the edit, such as 1,2`,
      listOf(number("--strength", LIMITS.strength)),
    )
    .option(
      "--until <list>",
      `${TRIED}shares of the noise range that are directed, such as 0.3,0.5`,
      listOf(number("--until", LIMITS.until)),
    )
    .option(
      "--trailing <list>",
      `${TRIED}counts of trailing positions, such as 15,75`,
      listOf(whole("--trailing", LIMITS.trailing)),
    )
    .option(
      "--gain <list>",
      `${TRIED}heights of the window inside the box, such as 0.15,6`,
      listOf(number("--gain", LIMITS.gain)),
    )
    .option(
      "--lift <list>",
      `${TRIED}shares of the noise range in which the window is added, such as 0.3,1`,
      listOf(number("--lift", LIMITS.share)),
    )
    .option(
      "--outside <list>",
      `${TRIED}factors on the attention outside the box, such as 0.001,0.3`,
      listOf(number("--outside", LIMITS.share)),
    )
    .option(
      "--steps <n>",
      "sampling steps: on the tune list, and of a student on any",
      whole("--steps", LIMITS.steps),
    )
    .option("--cfg <scale>", `${TRIED}guidance scale`, number("--cfg", LIMITS.cfg));
}

const REQUESTED = ["count", "methods", "output", "threads", "jobs"] as const;
const SETTINGS = ["steps", "cfg", ...LISTED_SETTINGS] as const;

/** Those of the flags that were given. */
function given<T extends object, K extends keyof T>(flags: T, names: readonly K[]): Partial<T> {
  const entries = names
    .filter((name) => flags[name] !== undefined)
    .map((name) => [name, flags[name]]);
  return Object.fromEntries(entries) as Partial<T>;
}

async function evaluatePlacement(flags: EvaluateFlags, context: Context): Promise<void> {
  const { model, split } = flags;
  const settings = given(flags, SETTINGS);
  const request: EvaluateRequest = {
    ...{ model, split },
    ...given(flags, REQUESTED),
    ...(Object.keys(settings).length > 0 ? { settings } : {}),
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
        Math.round(row.evaluations * 10) / 10,
      ]),
    ]),
  ];
}
