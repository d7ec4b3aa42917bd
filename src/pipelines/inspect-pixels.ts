// What is in the folder of a teacher or a student, and what can be done with it.

import { sitesOf2D } from "../models/unet2d/index.js";
import { inspectOwnPart, trainingFacts } from "./inspect-part.js";
import { pixelFlops } from "./inspect-flops.js";
import type { ModelReport } from "./model-report.js";
import { readPixelModel } from "./sample-model.js";
import type { PixelModel } from "./sample-model.js";
import { knownSteps, trainedFor, usualOf } from "./sample-settings.js";

type Facts = Record<string, string | number>;

/**
 * The report of a model of pixels.
 *
 * @param name - as a person gave it
 * @throws FollowspotError when a file is missing, damaged or not what it should be
 */
export async function inspectPixelModel(name: string, folder: string): Promise<ModelReport> {
  const model = await readPixelModel(folder);
  const { unet, size, facts } = model.network;
  const names = [
    "unet",
    ...(model.semantic ? ["semantic_encoder", "gradient_predictor"] : []),
    ...(model.latent ? ["latent_mlp"] : []),
  ];
  const parts = await Promise.all(names.map((part) => inspectOwnPart(folder, part)));
  return {
    ...{ name, digest: model.digest, folder },
    parts: parts.map(({ report }) => report),
    sites: sitesOf2D(unet, size, size).map((site) => ({
      ...{ name: site.name, columns: site.width, rows: site.height },
      ...{ heads: site.heads, tokens: site.tokens },
    })),
    facts: {
      ...networkFacts(model),
      ...originFacts(model),
      ...flopsFacts(model),
      ...trainingFacts(parts[0]?.metadata ?? {}),
    },
    ...(facts.classes ? { vocabulary: { classes: facts.classes } } : {}),
    unsupported: limitsOf(model),
  };
}

function networkFacts(model: PixelModel): Facts {
  const { facts, size, head, unet } = model.network;
  const { schedule } = facts;
  const { latent } = model.facts;
  const { sampler, steps, cfg } = usualOf(model);
  const guidance = cfg === 1 ? "" : `, guidance ${cfg}`;
  return {
    role: facts.role,
    size: `${size}x${size}`,
    channels: unet.in_channels,
    head,
    schedule: `${schedule.kind}, log-SNR from ${schedule.max} to ${schedule.min}`,
    classes: unet.num_class_embeds === null ? "none" : unet.num_class_embeds - 1,
    ...(steps ? { "drawn with": `${sampler}, ${inSteps(steps)}${guidance}` } : {}),
    ...(latent ? { "latents drawn in": `${latent.steps} steps` } : {}),
  };
}

const inSteps = (steps: number): string => `${steps} ${steps === 1 ? "step" : "steps"}`;

/** Whose student it is, and what it was taught. */
function originFacts(model: PixelModel): Facts {
  const { parent, student, semantic } = model.facts;
  const trained = trainedFor(model);
  const guided = student?.guidance ? `guidance ${student.guidance.scale}` : "no guidance";
  const weight = student?.target.adversarial;
  const judged = weight === undefined ? "" : `, adversarial ${weight}`;
  return {
    ...(parent && { parent: `${parent.role} ${parent.digest}` }),
    ...(student && {
      "trained for": inSteps(student.steps),
      target: `${student.target.kind}, ${guided}${judged}`,
      "training evaluations": student.evaluations,
      ...(student.before > 0 && { "evaluations before": student.before }),
      ...(student.start && { "after those of": `student ${student.start}` }),
    }),
    ...(semantic && {
      "predictor's student": semantic.parents.student,
      "predictor's teacher": semantic.parents.teacher,
      ...(trained?.of === "predictor" && {
        "predictor trained for": `${inSteps(trained.steps)}, target ${trained.kind}`,
      }),
      "predictor is told": semantic.source === "data" ? "the data" : "the teacher's answer",
      "predictor's training evaluations": semantic.evaluations,
    }),
  };
}

/** Billions of operations of one evaluation of one picture. */
function flopsFacts(model: PixelModel): Facts {
  const { network, predictor, encoder, latentNetwork } = pixelFlops(model);
  const billions = (flops: number): number => Number((flops / 1e9).toPrecision(4));
  return {
    "GFLOP of an evaluation": billions(network),
    ...(predictor === undefined ? {} : { "GFLOP of the predictor": billions(predictor) }),
    ...(encoder === undefined ? {} : { "GFLOP of the encoder": billions(encoder) }),
    ...(latentNetwork === undefined
      ? {}
      : { "GFLOP of the latent network": billions(latentNetwork) }),
  };
}

function limitsOf(model: PixelModel): string[] {
  const { network, semantic, latent } = model;
  const steps = knownSteps(model);
  return [
    "draw from words or into boxes: followspot sample draws from it",
    ...(steps ? [`draw in other numbers of steps than ${steps.join(", ")}`] : []),
    ...(network.unet.num_class_embeds === null ? ["draw a class that is asked for"] : []),
    ...(semantic && !latent ? ["draw without pictures to tell: it has no latent network"] : []),
    ...(network.head === "eps" ? ["teach students: its head tells no picture at t = 1"] : []),
  ];
}
