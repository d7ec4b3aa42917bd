// The flags of `followspot draw`: their names, their help, and the values that they give.
import type { Command } from "commander";
import { Option } from "commander";
import type { SamplerName } from "../diffusion/samplers/registry.js";
import { SAMPLER_NAMES } from "../diffusion/samplers/registry.js";
import { NAMED_BOXES } from "../pipelines/box.js";
import type { Size } from "../pipelines/box.js";
import type { MethodName } from "../pipelines/recipe-methods.js";
import { METHOD_NAMES } from "../pipelines/recipe-methods.js";
import { LIMITS } from "../core/limits.js";
import type { BoxNumbers } from "./values.js";
import { boxNumbers, gather, number, oneOf, seed, seeds, size, whole } from "./values.js";

/** What the flags gave; a missing key means that the flag was not written. */
export interface DrawFlags {
  box?: string[];
  model?: string;
  method?: MethodName;
  strength?: BoxNumbers;
  until?: BoxNumbers;
  steps?: number;
  cfg?: number;
  sampler?: SamplerName;
  seed?: bigint;
  seeds?: bigint[];
  size?: Size;
  force?: boolean;
  negative?: string;
  compare?: boolean;
  overlay?: boolean;
  heatmap?: string[];
  output?: string;
  from?: string;
  threads?: number;
  dryRun?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const option = <T>(flags: string, help: string, read?: (text: string, before?: T) => T): Option => {
  const made = new Option(flags, help);
  // Commander passes what an earlier occurrence gave, or undefined.
  return read ? made.argParser(read as (text: string, before: unknown) => unknown) : made;
};

const names = (all: readonly string[]) => all.join(", ");

/** How pictures are sampled, whether boxes direct them or not. */
const samplingOptions = (): Option[] => [
  option("--steps <n>", "sampling steps", whole("--steps", LIMITS.steps)),
  option("--cfg <scale>", "guidance scale, 1 = none", number("--cfg", LIMITS.cfg)),
  option("--sampler <name>", names(SAMPLER_NAMES), oneOf("--sampler", SAMPLER_NAMES)),
  option("--seed <n>", "seed of the noise (default: a new one, told)", (text) => seed(text)),
  option("--seeds <list>", "several pictures: 1,4-8", (text) => seeds(text)).conflicts("seed"),
  option("--size <WxH>", "pixels (default: the size the model was trained at)", (text) =>
    size(text),
  ),
  option("--force", "allow a size that the model was not trained at"),
  option("--negative <prompt>", "what guidance leads away from"),
];

/** Adds the flags. No defaults here: what is left out comes from --from or from the model. */
export function addDrawFlags(command: Command): Command {
  const boxForms = `x0,y0,x1,y1 in fractions, percent (30%) or pixels (30px), or ${names(Object.keys(NAMED_BOXES))}`;
  const options = [
    option("--box <words=box>", `where the words' thing goes: ${boxForms}; repeatable`, gather),
    option("--model <model>", 'name, folder or hub id (default: "stage")'),
    option(
      "--method <name>",
      `how boxes are enforced: ${names(METHOD_NAMES)} (default: direct)`,
      oneOf("--method", METHOD_NAMES),
    ),
    option(
      "--strength <number>",
      "factor on the edit, 0 = plain; WORDS=NUMBER for one box; repeatable",
      boxNumbers("--strength", LIMITS.strength),
    ),
    option(
      "--until <share>",
      "share of the noise range, from its start, that is directed; WORDS=SHARE for one box; repeatable",
      boxNumbers("--until", LIMITS.until),
    ),
    ...samplingOptions(),
    option("--compare", "also write the plain picture of the same seed beside the directed one"),
    option("--overlay", "also write a copy with the boxes drawn on it"),
    option("--heatmap <word>", "also write where the word's attention went; repeatable", gather),
    option("-o, --output <file>", "where to write the PNG (default: named for prompt and seed)"),
    option(
      "--from <file>",
      "start from a recipe (PNG or JSON); flags and another --model override it",
    ),
    option("--threads <n>", "processor threads", whole("--threads", LIMITS.threads)),
    option("--dry-run", "print the resolved recipe and its cost, and draw nothing"),
  ];
  options.forEach((each) => command.addOption(each));
  return addOutputFlags(command);
}

/** The flags that every verb has. */
export const addOutputFlags = (command: Command): Command =>
  command
    .option("--json", "print one JSON object on stdout")
    .option("--quiet", "no progress and no remarks on stderr");
