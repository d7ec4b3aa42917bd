// How a model's pictures are drawn: what was asked, filled in from the model's folder and held against what it can do.

import { CONTINUOUS_SAMPLERS, continuously } from "../diffusion/continuous.js";
import type { ContinuousSampler, Variance } from "../diffusion/continuous.js";
import type { SampleOptions } from "../diffusion/samplers/sample.js";
import { FollowspotError } from "../core/errors.js";
import { fewSteps } from "../distillation/index.js";
import type { Continuation } from "../distillation/index.js";
import { noClassOf } from "../training/teacher/index.js";
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
  /** Scale of self-attention guidance; 1 is none. */
  readonly attentionGuidance: number;
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
 * @throws FollowspotError for a sampler of another kind of model, steps that a student was not trained for, a class or
 *   a scale that the model does not have, and where nothing tells the predictor what to draw
 */
export function settingsOf(model: PixelModel, asked: Asked): SampleSettings {
  const sampler = samplerOf(model, asked.sampler);
  return {
    sampler,
    variance: sampler === "ancestral" ? varianceOf(model) : null,
    steps: stepsOf(model, asked.steps),
    cfg: cfgOf(model, asked.cfg),
    attentionGuidance: attentionGuidanceOf(model, asked.attentionGuidance),
    seed: asked.seed ?? 0,
    class: asked.className === undefined ? null : classOf(model, asked.className),
    like: likeOf(model, asked.like),
  };
}

/** Levels and steps of a model's runs with such a sampler. */
export function runOf(
  model: PixelModel,
  { sampler }: Pick<SampleSettings, "sampler">,
): Pick<SampleOptions, "schedule" | "sampler"> {
  const { network, facts } = model;
  const { schedule } = network;
  if (facts.student) return fewSteps(schedule, facts.student.continuation);
  return continuously({
    ...{ schedule, sampler: CONTINUOUS_SAMPLERS.find((each) => each === sampler)! },
    ...{ variance: varianceOf(model), share: network.facts.draw?.share },
  });
}

const varianceOf = ({ network }: PixelModel): Variance =>
  network.facts.draw?.variance ?? "fixed_small";

function samplerOf(
  { name, network, facts }: PixelModel,
  asked?: string,
): SampleSettings["sampler"] {
  const own = facts.student?.continuation ?? network.facts.draw?.sampler ?? "ddim";
  const known = facts.student ? [own] : CONTINUOUS_SAMPLERS;
  const sampler = known.find((each) => each === (asked ?? own));
  if (sampler) return sampler;
  const role = facts.student ? "a student" : "a teacher";
  throw new FollowspotError(
    `--sampler: expected ${listed(known)} for ${name}, ${role}, got "${asked}".`,
  );
}

/** The numbers of steps that a model is drawn in; undefined where any will do. */
export function knownSteps({ facts: { student } }: PixelModel): number[] | undefined {
  if (!student || student.target.kind === "consistency") return undefined;
  const { steps } = student;
  return Array.from({ length: steps }, (_, i) => i + 1).filter((n) => steps % n === 0);
}

function stepsOf(model: PixelModel, asked?: number): number {
  const { name, network, facts } = model;
  const trained = facts.student?.steps;
  const steps = asked ?? network.facts.draw?.steps ?? trained;
  if (steps === undefined) {
    throw new FollowspotError(`sample: ${name}: expected --steps, since its folder tells none.`);
  }
  const known = knownSteps(model);
  if (!known || known.includes(steps)) return steps;
  throw new FollowspotError(
    `--steps: expected ${listed(known)} for a student of ${trained} steps, got ${steps}.`,
    { remedy: `It was trained at t = i / ${trained} alone, and other steps stop at other times.` },
  );
}

/** What a person should know of settings that are allowed. */
export function remarksOn(model: PixelModel, { steps }: SampleSettings): string[] {
  const trained = knownSteps(model)?.at(-1) ?? steps;
  if (steps === trained) return [];
  return [
    `warning: ${steps} steps of a student that was trained for ${trained}: ` +
      "it was taught shorter ones from these times",
  ];
}

function cfgOf({ name, network }: PixelModel, asked?: number): number {
  const cfg = asked ?? network.facts.draw?.cfg ?? 1;
  if (cfg === 1 || network.unet.num_class_embeds !== null) return cfg;
  throw new FollowspotError(`--cfg: expected 1 for ${name}, which has no classes, got ${cfg}.`, {
    remedy: "Guidance leads from no class to a class.",
  });
}

function attentionGuidanceOf({ name, semantic }: PixelModel, asked = 1): number {
  if (asked === 1 || !semantic) return asked;
  throw new FollowspotError(
    `--attention-guidance: expected 1 for ${name}, which has a predictor, got ${asked}.`,
    { remedy: "Draw the network alone: the folder that the predictor was trained beside." },
  );
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

function listed(all: readonly (string | number)[]): string {
  const shown = all.length > 20 ? [...all.slice(0, 19), "..."] : all;
  return shown.length < 2 ? shown.join("") : `one of ${shown.join(", ")}`;
}
