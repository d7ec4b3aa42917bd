// followspot train: a model from its configuration, resumable at any step.
import type { Command } from "commander";
import { FollowspotError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import type { Context, OutputFlags } from "./context.js";
import { print, printJson, reporterFor } from "./context.js";
import { addOutputFlags } from "./draw-flags.js";
import type { ConfigValue, TrainRequest } from "./services.js";
import { gather, number, whole } from "./values.js";

interface TrainFlags extends OutputFlags {
  set?: string[];
  target?: string;
  output?: string;
  resume?: string | true;
  minutes?: number;
  threads?: number;
  dryRun?: boolean;
}

/** What `--target` is short for. */
const TARGET = "target.kind";
const MAX_MINUTES = 60 * 24 * 365;

export function addTrain(program: Command, context: Context): void {
  const command = program
    .command("train")
    .description("train a model")
    .argument("[config]", "a preset's name or a JSON file (default: stage)")
    .option("--set <path=value>", "replace a value of the configuration; repeatable", gather)
    .option("--target <kind>", "what a student learns: short for --set target.kind=<kind>")
    .option("-o, --output <folder>", "folder of the run (default: a new numbered one under runs/)")
    .option("--resume [folder]", "go on with a run (default: the latest, of the config if named)")
    .option("--minutes <n>", "stop after so long", number("--minutes", [0, MAX_MINUTES]))
    .option("--threads <n>", "processor threads", whole("--threads", LIMITS.threads))
    .option("--dry-run", "print the resolved configuration, and train nothing");
  addOutputFlags(command).action((config: string | undefined, flags: TrainFlags) =>
    train(config, flags, context),
  );
}

async function train(
  config: string | undefined,
  flags: TrainFlags,
  context: Context,
): Promise<void> {
  const request = trainRequest(config, flags);
  const service = await context.services.training();
  if (flags.dryRun) {
    const { config: resolved, remarks } = await service.resolveTraining(request);
    if (!flags.quiet) remarks.forEach((remark) => context.stderr.write(`${remark}\n`));
    print(context, JSON.stringify(resolved, null, 2));
    return;
  }
  const reporter = reporterFor(context, flags);
  try {
    const result = await service.train(request, reporter, context.signal);
    if (flags.json) printJson(context, result);
    else print(context, result.folder);
  } finally {
    reporter.finish();
  }
}

/**
 * The flags as an order.
 *
 * @throws FollowspotError when flags contradict one another, or a value is none
 */
function trainRequest(config: string | undefined, flags: TrainFlags): TrainRequest {
  const { output: folder, resume, minutes, threads } = flags;
  if (folder !== undefined && resume !== undefined) {
    throw new FollowspotError("train: expected --output or --resume, got both.", {
      remedy: "A resumed run keeps its folder.",
    });
  }
  return {
    ...(config === undefined ? {} : { config }),
    overrides: overridesOf(flags),
    ...(folder === undefined ? {} : { folder }),
    ...(resume === undefined ? {} : { resume: resume === true ? "latest" : resume }),
    ...(minutes === undefined ? {} : { minutes }),
    ...(threads === undefined ? {} : { threads }),
  };
}

function overridesOf({ set = [], target }: TrainFlags): TrainRequest["overrides"] {
  const changed = Object.fromEntries(set.map(parseOverride));
  if (target === undefined) return changed;
  if (changed[TARGET] !== undefined) {
    throw new FollowspotError(`train: expected --target or --set ${TARGET}, got both.`, {
      remedy: "They mean the same.",
    });
  }
  return { ...changed, [TARGET]: target };
}

/** A changed value as the command line has it. */
export function parseOverride(text: string): [path: string, value: ConfigValue] {
  const match = /^([\w-]+(?:\.[\w-]+)*)=(.*)$/s.exec(text);
  if (match) return [match[1]!, parseValue(match[2]!)];
  throw new FollowspotError(`--set: expected PATH=VALUE, got "${text}".`, {
    remedy: "For example --set ema.decay=0.99.",
  });
}

/** Numbers, true, false and null as in JSON; anything else is text. */
function parseValue(text: string): ConfigValue {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? text : (value as ConfigValue);
  } catch {
    return text;
  }
}
