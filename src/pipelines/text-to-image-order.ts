// From the options of a drawing call to a checked order: every default filled in, words found in the prompt.

import { FollowspotError } from "../core/errors.js";
import { isSamplerName, SAMPLER_NAMES } from "../diffusion/index.js";
import type { SamplerName } from "../diffusion/index.js";
import type { Encoding } from "../models/tokenizer/index.js";
import { checkBox, checkDistinct } from "./box.js";
import type { Box, Size } from "./box.js";
import type { BoxTokens } from "./draw-request.js";
import { LIMITS } from "../core/limits.js";
import { boxDefaults, completeMethod, defaultMethod, METHOD_NAMES } from "./recipe-methods.js";
import type {
  BoxDefaults,
  Method,
  MethodDefaults,
  MethodName,
  MethodSketch,
} from "./recipe-methods.js";
import { checkPlaced, checkSides, checkText, checkTexts } from "./text-to-image-input.js";
import { checkSeeds } from "./text-to-image-seeds.js";
import { findPhrases } from "./text-to-image-words.js";
import type { PipelineModel } from "./text-to-image-model.js";

/** A box for words of the prompt. */
export interface PlacedWords {
  /** Words that follow one another in the prompt, such as "red cube"; "cube#2" is the second cube. */
  readonly words: string;
  /** Left, top, right, bottom as fractions of the picture, 0 to 1. */
  readonly box: Box;
  /** Factor on the edit, 0 to 20; 0 leaves the picture plain. The call's when absent. */
  readonly strength?: number;
  /** Share of the noise range, from its noisy end, in which the box is directed, 0 to 1. The call's when absent. */
  readonly until?: number;
}

/** All that a drawing call takes. What is absent is the model's or the method's default. */
export interface DrawOptions {
  readonly prompt: string;
  readonly boxes?: readonly PlacedWords[];
  /** What guidance leads away from; empty when absent. */
  readonly negative?: string;
  /** Seed of the noise, any 64-bit integer, of which the low 32 bits count; 0n when absent. */
  readonly seed?: bigint;
  /** Several pictures in one batch, one a seed, no two of the same low 32 bits; instead of `seed`. */
  readonly seeds?: readonly bigint[];
  /** Sampling steps, 1 to 1000. */
  readonly steps?: number;
  /** Guidance scale, 0 to 50; 1 is none. */
  readonly cfg?: number;
  readonly sampler?: SamplerName;
  /** How boxes are enforced: a method's name, or also some of its parameters; "direct" when there are boxes. */
  readonly method?: MethodName | MethodSketch;
  /** Factor on the edit of boxes that state none. */
  readonly strength?: number;
  /** Step range of boxes that state none. */
  readonly until?: number;
  /** Width and height in pixels; others than the trained ones only with `force`. */
  readonly size?: Size;
  readonly force?: boolean;
  /** Words whose attention is drawn as heat maps; costs an evaluation without guidance at plain steps. */
  readonly heatmaps?: readonly string[];
  /** Whether steps carry a preview, which costs a decoding each; true when absent. */
  readonly previews?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A box with all its numbers and tokens. */
export interface OrderedBox extends BoxTokens {
  readonly box: Box;
  readonly strength: number;
  readonly until: number;
}

/** A checked call. */
export interface Order {
  readonly prompt: Encoding;
  readonly negative: Encoding;
  readonly boxes: readonly OrderedBox[];
  readonly heatmaps: readonly BoxTokens[];
  readonly seeds: readonly bigint[];
  readonly steps: number;
  readonly cfg: number;
  /** Whether the network takes guidance as a number, in one evaluation. */
  readonly takesGuidance: boolean;
  readonly sampler: SamplerName;
  readonly method: Method;
  readonly size: Size;
  readonly previews: boolean;
  readonly signal: AbortSignal | undefined;
}

/**
 * Fills in a call's defaults and checks it.
 *
 * @throws FollowspotError naming the option at fault, or the words that the prompt lacks
 */
export function makeOrder(model: PipelineModel, options: DrawOptions): Order {
  const { tokenizer, defaults } = model;
  const { prompt: text, boxes: given = [], negative = "", seed = 0n } = options;
  const { seeds = [seed], steps = defaults.steps, cfg = defaults.cfg } = options;
  const { sampler = defaults.sampler, heatmaps = [], previews = true, signal } = options;
  checkText("prompt", text);
  checkText("negative", negative);
  checkPlaced(given);
  checkTexts("heatmaps", heatmaps);
  checkSeeds(seeds);
  checkRange("steps", steps, LIMITS.steps);
  checkRange("cfg", cfg, LIMITS.cfg);
  const takesGuidance = model.unet.time_cond_proj_dim !== null;
  checkStudent(defaults, cfg, negative);
  checkSteps(model, steps);
  if (takesGuidance) refuseNegative(negative, "Its guidance is a number, not a second prompt.");
  if (!isSamplerName(sampler)) {
    const known = SAMPLER_NAMES.join(", ");
    throw new FollowspotError(`sampler: expected one of ${known}, got ${String(sampler)}.`);
  }
  const prompt = tokenizer.encode(text);
  const method = chooseMethod(
    options.method ?? (given.length > 0 ? "direct" : "none"),
    model.defaults.methods,
  );
  const size = chooseSize(model, options);
  const usual = boxDefaults(method.name, model.defaults.methods);
  const { strength = usual.strength, until = usual.until } = options;
  const boxes = orderBoxes(prompt, given, { strength, until }, size);
  const words = findPhrases(prompt, heatmaps, "heatmap");
  const texts = { prompt, negative: tokenizer.encode(negative) };
  const numbers = { seeds, steps, cfg, takesGuidance, sampler, method, size };
  return { ...texts, ...numbers, boxes, heatmaps: words, previews, signal };
}

/** A student has its teacher's guidance in it: what it would lead away from was fixed when it was trained. */
function checkStudent(
  { guidance }: PipelineModel["defaults"],
  cfg: number,
  negative: string,
): void {
  if (guidance === undefined) return;
  const remedy = `The model has guidance of ${guidance} distilled into it; draw with its teacher instead.`;
  if (cfg !== 1)
    throw new FollowspotError(`cfg: expected 1 with this model, got ${cfg}.`, { remedy });
  refuseNegative(negative, remedy);
}

/** A progressive student knows the times of its own steps alone. */
function checkSteps({ defaults: { levels }, unets }: PipelineModel, steps: number): void {
  if (levels === undefined || levels % steps === 0 || unets.has(steps)) return;
  const divisors = Array.from({ length: levels }, (_, i) => i + 1).filter((n) => levels % n === 0);
  const known = [...new Set([...divisors, ...unets.keys()])].sort((a, b) => a - b);
  throw new FollowspotError(
    `steps: expected one of ${known.join(", ")} with this model, a student of ${levels} steps, got ${steps}.`,
    { remedy: "Draw with its teacher in other numbers of steps." },
  );
}

function refuseNegative(negative: string, remedy: string): void {
  if (negative.trim() === "") return;
  throw new FollowspotError(
    `negative: expected no negative prompt with this model, got "${negative}".`,
    { remedy },
  );
}

function orderBoxes(
  prompt: Encoding,
  given: readonly PlacedWords[],
  usual: BoxDefaults,
  size: Size,
): OrderedBox[] {
  for (const { words, box } of given) checkBox(words, box, { size });
  checkDistinct(given);
  const found = findPhrases(
    prompt,
    given.map(({ words }) => words),
  );
  return given.map((entry, index) => {
    const strength = entry.strength ?? usual.strength;
    const until = entry.until ?? usual.until;
    checkRange(`box "${entry.words}": strength`, strength, LIMITS.strength);
    checkRange(`box "${entry.words}": until`, until, LIMITS.until);
    return { ...found[index]!, box: entry.box, strength, until };
  });
}

function checkRange(name: string, value: number, [least, most]: readonly [number, number]): void {
  if (value >= least && value <= most) return;
  throw new FollowspotError(`${name}: expected a number from ${least} to ${most}, got ${value}.`);
}

function chooseMethod(
  method: NonNullable<DrawOptions["method"]>,
  defaults: MethodDefaults,
): Method {
  if (typeof method !== "string") return completeMethod(method, defaults);
  if (METHOD_NAMES.includes(method)) return defaultMethod(method, defaults);
  const known = METHOD_NAMES.join(", ");
  throw new FollowspotError(`method: expected one of ${known}, got ${String(method)}.`);
}

function chooseSize({ size: trained, factor }: PipelineModel, { size, force }: DrawOptions): Size {
  if (!size) return trained;
  checkSides(size);
  const text = size.join("x");
  if (size.some((side) => side % factor !== 0)) {
    throw new FollowspotError(`size: expected multiples of ${factor}, got ${text}.`);
  }
  if (!force && size.some((side, axis) => side !== trained[axis])) {
    throw new FollowspotError(
      `size: expected ${trained.join("x")}, at which the model was trained, got ${text}.`,
      { remedy: "Say force: true to try it all the same." },
    );
  }
  return size;
}
