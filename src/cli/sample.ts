// followspot sample: pictures from a teacher or a student, as many as wanted.
import type { Command } from "commander";
import { CONTINUOUS_SAMPLERS } from "../diffusion/continuous.js";
import { LIMITS } from "../core/limits.js";
import type { Blur } from "../guidance/self-attention/index.js";
import { MAX_SAMPLES, NOTHING_TOLD } from "../pipelines/sample-request.js";
import type { Context, OutputFlags } from "./context.js";
import { print, printJson, reporterFor } from "./context.js";
import { addOutputFlags } from "./draw-flags.js";
import type { SampleReport, SampleRequest } from "./services.js";
import { tableLines } from "./table.js";
import { blur, number, whole } from "./values.js";

const LIMIT = { count: [1, MAX_SAMPLES], batch: [1, 1024], seed: [0, 2 ** 31] } as const;
const COUNT = 10_000;

type Guidance = NonNullable<SampleReport["attentionGuidance"]>;

interface SampleFlags extends OutputFlags {
  model: string;
  out: string;
  sampler?: string;
  steps?: number;
  count: number;
  seed?: number;
  batch?: number;
  threads?: number;
  class?: string;
  cfg?: number;
  attentionGuidance?: number;
  attentionThreshold?: number;
  attentionBlur?: Blur;
  attentionSite?: string;
  like?: string;
}

/** The flags of self-attention guidance. */
const addAttentionFlags = (command: Command): Command =>
  command
    .option(
      "--attention-guidance <scale>",
      "self-attention guidance of a network without predictor, 1 = none (default: 1)",
      number("--attention-guidance", LIMITS.attentionGuidance),
    )
    .option(
      "--attention-threshold <n>",
      "attention above which a place is blurred, the mean being 1 (default: 1)",
      number("--attention-threshold", LIMITS.attentionThreshold),
    )
    .option(
      "--attention-blur <kernel,sigma>",
      "blur of that place; 15,3 as published (default: sigma 3 at 64x64, in proportion)",
      blur,
    )
    .option("--attention-site <name>", "self-attention to look at (default: the decoder's last)");

export function addSample(program: Command, context: Context): void {
  const command = program
    .command("sample")
    .description("make pictures with a trained teacher or student")
    .requiredOption("--model <folder>", "a teacher, a student, or one with predictor and latents")
    .requiredOption("-o, --out <folder>", "where the pictures go; one begun before is completed")
    .option("--count <n>", "pictures", whole("--count", LIMIT.count), COUNT)
    .option(
      "--steps <n>",
      "steps of a picture (default: the model's)",
      whole("--steps", LIMITS.steps),
    )
    .option(
      "--sampler <name>",
      `a teacher's: ${CONTINUOUS_SAMPLERS.join(", ")} (default: the model's)`,
    )
    .option("--seed <n>", "of the first picture (default: 0)", whole("--seed", LIMIT.seed))
    .option("--class <name>", "class of all pictures, by name or number (default: each in turn)")
    .option(
      "--cfg <scale>",
      "guidance scale, 1 = none (default: the model's)",
      number("--cfg", LIMITS.cfg),
    );
  addAttentionFlags(command)
    .option(
      "--like <pictures>",
      `pictures whose content the predictor is told, one after another, or ${NOTHING_TOLD} for zeros`,
    )
    .option("--batch <n>", "pictures at a time", whole("--batch", LIMIT.batch))
    .option("--threads <n>", "processor threads", whole("--threads", LIMITS.threads));
  addOutputFlags(command).action((flags: SampleFlags) => sample(flags, context));
}

async function sample(flags: SampleFlags, context: Context): Promise<void> {
  const request = sampleRequest(flags);
  const service = await context.services.sampling();
  const reporter = reporterFor(context, flags);
  try {
    const report = await service.samplePictures(request, reporter, context.signal);
    reporter.finish();
    if (flags.json) printJson(context, report);
    else describeSamples(report).forEach((line) => print(context, line));
  } finally {
    reporter.finish();
  }
}

function sampleRequest(flags: SampleFlags): SampleRequest {
  const { out: folder, class: className, json: _json, quiet: _quiet, ...others } = flags;
  const { attentionGuidance, attentionThreshold, attentionBlur, attentionSite, ...rest } = others;
  const guidance = {
    ...(attentionGuidance === undefined ? {} : { scale: attentionGuidance }),
    ...(attentionThreshold === undefined ? {} : { threshold: attentionThreshold }),
    ...(attentionBlur === undefined ? {} : { blur: attentionBlur }),
    ...(attentionSite === undefined ? {} : { site: attentionSite }),
  };
  return {
    ...{ folder, ...rest },
    ...(className === undefined ? {} : { className }),
    ...(Object.keys(guidance).length === 0 ? {} : { attentionGuidance: { scale: 1, ...guidance } }),
  };
}

const NETWORKS = [
  ["network", "network"],
  ["predictor", "predictor"],
  ["latentNetwork", "latent network"],
  ["encoder", "encoder"],
] as const;

function guidanceLine({ scale, threshold, blur, site }: Guidance): string {
  return `attention guidance ${scale} (threshold ${threshold}, blur ${blur.kernel},${blur.sigma}, ${site})`;
}

/** The report as lines for a person. */
export function describeSamples(report: SampleReport): string[] {
  const { sampler, steps, cfg, attentionGuidance, seed, count } = report;
  const { made, evaluations, seconds } = report;
  const settings = [
    `${sampler}, ${steps} ${steps === 1 ? "step" : "steps"}`,
    ...(cfg === 1 ? [] : [`guidance ${cfg}`]),
    ...(attentionGuidance === null ? [] : [guidanceLine(attentionGuidance)]),
    ...(report.class === null ? [] : [`class ${report.class}`]),
    `seed ${seed}`,
  ];
  const asked = NETWORKS.filter(([key]) => evaluations.total[key] > 0).map(([key, name]) => [
    `${name} evaluations`,
    `${evaluations.picture[key]} a picture, ${evaluations.total[key]} in all`,
  ]);
  const pace = made === 0 ? "" : `, ${(seconds.drawing / made).toPrecision(3)} a picture`;
  return tableLines([
    ["folder", report.folder],
    ["pictures", `${count}, ${made} of them now`],
    ["model", `${report.model}, ${report.role}, ${report.digest.slice(0, 12)}`],
    ["drawn with", settings.join(", ")],
    ...asked,
    [
      "seconds",
      `${seconds.total.toFixed(1)}, of which drawing ${seconds.drawing.toFixed(1)}${pace}`,
    ],
  ]);
}
