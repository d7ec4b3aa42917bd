// How a model's pictures are drawn: what was asked, filled in from the model's folder and held against what it can do.

import { CONTINUOUS_SAMPLERS, continuously } from "../diffusion/continuous.js";
import type { ContinuousSampler, Variance } from "../diffusion/continuous.js";
import type { SampleOptions } from "../diffusion/samplers/sample.js";
import { FollowspotError } from "../core/errors.js";
import { fewSteps, isOnGrid } from "../distillation/index.js";
import type { Continuation, STUDENT_KINDS } from "../distillation/index.js";
import { noClassOf } from "../training/teacher/index.js";
import { attentionSettings } from "./sample-attention.js";
import type { AttentionSettings } from "./sample-attention.js";
import type { PixelModel } from "./sample-model.js";
import type { SampleRequest } from "./sample-request.js";

/** Settings of all pictures of a folder. */
export interface SampleSettings {
  /** A teacher's, or a student's continuation. */
  readonly sampler: ContinuousSampler | Continuation;
  /** Of ancestral steps; null with all others. */
  readonly variance: Variance | null;
  readonly steps: number;
  readonly cfg: number;
  /** Self-attention guidance; null where there is none. */
  readonly attentionGuidance: AttentionSettings | null;
  readonly seed: number;
  /** Class of all pictures; null when they have none or each in turn. */
  readonly class: number | null;
  /** Pictures whose content is told, or NOTHING_TOLD; null when there are none. */
  readonly like: string | null;
}

type Asked = Pick<
  SampleRequest,
  "sampler" | "steps" | "cfg" | "attentionGuidance" | "seed" | "className" | "like"
>;

/**
 * The settings that a model is drawn with.
 *
 * @throws FollowspotError for a sampler of another kind of model, steps that a model was not trained for, a class or
 *   a scale that the model does not have, and where nothing tells the predictor what to draw
 */
export function settingsOf(model: PixelModel, asked: Asked): SampleSettings {
  const usual = usualOf(model);
  const sampler = samplerOf(model, asked.sampler ?? usual.sampler);
  return {
    sampler,
    variance: sampler === "ancestral" ? varianceOf(model) : null,
    steps: stepsOf(model, asked.steps ?? usual.steps),
    cfg: cfgOf(model, asked.cfg ?? usual.cfg),
    attentionGuidance: attentionSettings(model, asked.attentionGuidance),
    seed: asked.seed ?? 0,
    class: asked.className === undefined ? null : classOf(model, asked.className),
    like: likeOf(model, asked.like),
  };
}

/** How a model is drawn if nothing else is said; steps are undefined where its folder tells none. */
export function usualOf(
  model: PixelModel,
): Pick<SampleSettings, "sampler" | "cfg"> & { readonly steps: number | undefined } {
  const { network, facts } = model;
  const { draw } = network.facts;
  const sampler = continuationIn(model) ?? draw?.sampler ?? "ddim";
  const trained = trainedFor(model);
  if (trained?.kind === "consistency") return { sampler, steps: 1, cfg: 1 };
  // A teacher beside a predictor says how itself is drawn, and the predictor knows its own times alone, without guidance.
  if (facts.semantic) return { sampler, steps: facts.semantic.steps ?? draw?.steps, cfg: 1 };
  return { sampler, steps: draw?.steps ?? trained?.steps, cfg: draw?.cfg ?? 1 };
}

/** How a run of few steps goes on, as what was trained last has it, a predictor or a student; undefined of teachers. */
function continuationIn({ facts: { semantic, student } }: PixelModel): Continuation | undefined {
  return semantic?.continuation ?? student?.continuation;
}

/** Levels and steps of a model's runs with such a sampler. */
export function runOf(
  model: PixelModel,
  { sampler }: Pick<SampleSettings, "sampler">,
): Pick<SampleOptions, "schedule" | "sampler"> {
  const { network } = model;
  const { schedule } = network;
  const continuation = continuationIn(model);
  if (continuation) return fewSteps(schedule, continuation);
  return continuously({
    ...{ schedule, sampler: CONTINUOUS_SAMPLERS.find((each) => each === sampler)! },
    ...{ variance: varianceOf(model), share: network.facts.draw?.share },
  });
}

const varianceOf = ({ network }: PixelModel): Variance =>
  network.facts.draw?.variance ?? "fixed_small";

function samplerOf(model: PixelModel, asked: string): SampleSettings["sampler"] {
  const continuation = continuationIn(model);
  const known = continuation ? [continuation] : CONTINUOUS_SAMPLERS;
  const sampler = known.find((each) => each === asked);
  if (sampler) return sampler;
  throw new FollowspotError(
    `--sampler: expected ${listed(known)} for ${model.name}, ${roleOf(model)}, got "${asked}".`,
  );
}

/** What was trained last of a model. */
function roleOf({ facts: { semantic, student } }: PixelModel): string {
  if (semantic?.continuation) return "a predictor";
  return student ? "a student" : "a teacher";
}

/** Steps and target of what was trained last to answer at few times: a predictor, else a student. */
interface TrainedFor {
  readonly of: "predictor" | "student";
  /** It was trained at t = i / steps. */
  readonly steps: number;
  readonly kind: (typeof STUDENT_KINDS)[number];
  /** Steps of its teacher to one of its own. */
  readonly substeps: number;
  /** Attention guidance of its teacher; null where there was none. */
  readonly guidance: { readonly scale: number } | null;
}

/** Where a folder tells none. */
const USUAL_SUBSTEPS = 2;

/** What a model was trained for; undefined of teachers, who know all times. */
export function trainedFor({
  facts: { semantic, student },
}: Pick<PixelModel, "facts">): TrainedFor | undefined {
  if (semantic?.steps !== undefined) {
    const { steps, target, guidance } = semantic;
    const { kind, substeps = USUAL_SUBSTEPS } = target;
    return { of: "predictor", steps, kind, substeps, guidance };
  }
  if (!student) return undefined;
  const { steps, target, guidance } = student;
  const { kind, substeps = USUAL_SUBSTEPS } = target;
  return { of: "student", steps, kind, substeps, guidance };
}

/** Whether a model was trained at t: all but teachers know the times of their own steps alone. */
export function isTrainedAt(model: Pick<PixelModel, "facts">, t: number): boolean {
  const trained = trainedFor(model);
  if (!trained) return true;
  return isOnGrid(t, trained.steps);
}

/** The numbers of steps that a model is drawn in; undefined where any will do. */
export function knownSteps(model: Pick<PixelModel, "facts">): number[] | undefined {
  const trained = trainedFor(model);
  if (!trained || trained.kind === "consistency") return undefined;
  const { steps } = trained;
  return Array.from({ length: steps }, (_, i) => i + 1).filter((n) => steps % n === 0);
}

function stepsOf(model: PixelModel, steps: number | undefined): number {
  if (steps === undefined) {
    throw new FollowspotError(
      `sample: ${model.name}: expected --steps, since its folder tells none.`,
    );
  }
  const [known, trained] = [knownSteps(model), trainedFor(model)];
  if (!known || !trained || known.includes(steps)) return steps;
  const whole = `${trained.steps} ${trained.steps === 1 ? "step" : "steps"}`;
  throw new FollowspotError(
    `--steps: expected ${listed(known)} for a ${trained.of} of ${whole}, got ${steps}.`,
    {
      remedy: `It was trained at t = i / ${trained.steps} alone, and other steps stop at other times.`,
    },
  );
}

/** What a person should know of settings that are allowed. */
export function remarksOn(model: PixelModel, settings: SampleSettings): string[] {
  return [
    ...remarksOnSteps(model, settings),
    ...remarksOnClasses(model, settings),
    ...remarksOnTelling(model),
  ];
}

/** Guidance by classes leads away from what a network answers to none of them, which it must have been taught. */
function remarksOnClasses({ facts }: PixelModel, { cfg }: SampleSettings): string[] {
  if (cfg === 1) return [];
  const untaught = [
    ...(facts.student?.class_dropout === 0 ? ["student"] : []),
    ...(facts.semantic?.class_dropout === 0 ? ["predictor"] : []),
  ];
  return untaught.map(
    (part) =>
      `warning: --cfg ${cfg}: the ${part} was trained with class_dropout 0, and never for no class, ` +
      "which guidance leads away from",
  );
}

/** A latent that does not belong to the picture's noise is another than any of training. */
function remarksOnTelling({ semantic }: PixelModel): string[] {
  if (semantic?.source !== "target") return [];
  return [
    "warning: the predictor was told its teacher's answer to the very noise that it saw (source target), " +
      "and is told of other pictures here",
  ];
}

function remarksOnSteps(model: PixelModel, { steps }: SampleSettings): string[] {
  const trained = trainedFor(model);
  // The data are asked for at every time alike, however long the step from there is.
  if (!trained || trained.kind === "data" || steps === trained.steps) return [];
  if (trained.kind === "consistency") {
    if (trained.steps % steps === 0) return [];
    return [
      `warning: ${steps} steps of a ${trained.of} that was trained at t = i / ${trained.steps}: ` +
        "they stop at times between, which it never learned",
    ];
  }
  return [
    `warning: ${steps} steps of a ${trained.of} that was trained for ${trained.steps}: ` +
      "it was taught shorter ones from these times",
  ];
}

function cfgOf({ name, network }: PixelModel, cfg: number): number {
  if (cfg === 1 || network.unet.num_class_embeds !== null) return cfg;
  throw new FollowspotError(`--cfg: expected 1 for ${name}, which has no classes, got ${cfg}.`, {
    remedy: "Guidance leads from no class to a class.",
  });
}

function classOf({ name, network }: PixelModel, asked: string): number {
  const classes = noClassOf(network.unet);
  if (classes === undefined) {
    throw new FollowspotError(`--class: expected none for ${name}, which has no classes.`);
  }
  const named = network.facts.classes?.indexOf(asked) ?? -1;
  if (named >= 0) return named;
  const number = /^\d+$/.test(asked) ? Number(asked) : classes;
  if (number < classes) return number;
  const names = network.facts.classes ? `${listed(network.facts.classes)}, or ` : "";
  throw new FollowspotError(
    `--class: expected ${names}a number from 0 to ${classes - 1}, got "${asked}".`,
  );
}

function likeOf({ name, semantic, latent }: PixelModel, like?: string): string | null {
  if (like !== undefined) {
    if (semantic) return like;
    throw new FollowspotError(`--like: expected none for ${name}, which has no encoder.`);
  }
  if (!semantic || latent) return null;
  throw new FollowspotError(
    `sample: ${name}: expected a latent network or --like PICTURES, since its predictor must be told what to draw.`,
    { remedy: "Train a latent network on it: a configuration of kind latent, as mnist-latent." },
  );
}

/** Values as a message lists them: all, or the first of many. */
export function listed(all: readonly (string | number)[]): string {
  const shown = all.length > 20 ? [...all.slice(0, 19), "..."] : all;
  return shown.length < 2 ? shown.join("") : `one of ${shown.join(", ")}`;
}
