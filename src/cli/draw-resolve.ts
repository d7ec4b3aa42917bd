// From flags, a recipe to start from and the model's facts to a checked order for pictures.
import { FollowspotError } from "../core/errors.js";
import type { BoxScale, Size } from "../pipelines/box.js";
import { checkBox, normaliseWords, parseBoxes } from "../pipelines/box.js";
import type { DrawRequest, ModelFacts } from "../pipelines/draw-request.js";
import type { BoxDefaults, Method } from "../pipelines/recipe-methods.js";
import { boxDefaults, completeMethod, defaultMethod } from "../pipelines/recipe-methods.js";
import type { Recipe, RecipeBox, RecipeSketch } from "../pipelines/recipe.js";
import { RECIPE_VERSION } from "../pipelines/recipe.js";
import type { DrawFlags } from "./draw-flags.js";
import { recall } from "./draw-recall.js";
import type { BoxNumbers } from "./values.js";

export interface DrawChoices {
  /** The PROMPT argument. */
  prompt?: string | undefined;
  flags: DrawFlags;
  /** What --from read. */
  sketch?: RecipeSketch | undefined;
  facts: ModelFacts;
  /** Makes a seed if none is given. */
  randomSeed: () => bigint;
}

export interface ResolvedDraw {
  request: DrawRequest;
  /** What a person should know, a line each. */
  warnings: string[];
}

/**
 * Fills in the whole recipe: flags go before the recipe of --from, and both before the model's defaults. Settings of
 * another model than the one that --model asks for are not recalled.
 *
 * @throws FollowspotError if a value does not fit, or a flag would have no effect
 */
export function resolveDraw(given: DrawChoices): ResolvedDraw {
  const { flags, facts } = given;
  const { sketch, notes } = recall(given.sketch, flags, facts);
  const choices = { ...given, sketch };
  const size = resolveSize(choices);
  const scale = { size, cell: facts.cell };
  const method = resolveMethod(choices);
  const usual = boxDefaults(method.name, facts.defaults.methods);
  const boxes = resolveBoxes(flags, sketch, usual, scale);
  const seeds = flags.seeds ?? [flags.seed ?? sketch?.seed ?? choices.randomSeed()];
  const recipe: Recipe = {
    version: RECIPE_VERSION,
    prompt: resolvePrompt(choices),
    negative: flags.negative ?? sketch?.negative ?? "",
    boxes,
    model: { name: facts.name, digest: facts.digest },
    method,
    sampler: flags.sampler ?? sketch?.sampler ?? facts.defaults.sampler,
    steps: flags.steps ?? sketch?.steps ?? facts.defaults.steps,
    cfg: flags.cfg ?? sketch?.cfg ?? facts.defaults.cfg,
    seed: seeds[0]!,
    size: [...size],
    backend: {
      provider: facts.backend.provider,
      threads: flags.threads ?? sketch?.backend?.threads ?? facts.backend.threads,
    },
    versions: { ...facts.versions },
  };
  refuseIdleFlags(flags, recipe, facts);
  const request = {
    recipe,
    seeds,
    compare: flags.compare ?? false,
    overlay: flags.overlay ?? false,
    heatmaps: flags.heatmap ?? [],
  };
  return { request, warnings: [...notes, ...differences(choices)] };
}

function resolvePrompt({ prompt, sketch }: DrawChoices): string {
  const text = prompt ?? sketch?.prompt;
  if (text !== undefined && text.trim() !== "") return text;
  throw new FollowspotError("draw: expected a prompt, got none.", {
    remedy: 'Write it in quotes: followspot draw "a red cube", or start --from a recipe.',
  });
}

function resolveSize({ flags, sketch, facts }: DrawChoices): Size {
  const size = flags.size ?? sketch?.size ?? facts.size;
  const { sizeMultiple: multiple, name } = facts;
  const text = size.join("x");
  if (size.some((side) => side % multiple !== 0)) {
    throw new FollowspotError(
      `--size: expected multiples of ${multiple} for ${name}, got ${text}.`,
    );
  }
  const isTrained = size.every((side, index) => side === facts.size[index]);
  // A recipe of this very model was made with consent; anything else has to be meant.
  const isRecalled = flags.size === undefined && sketch?.model?.digest === facts.digest;
  if (!isTrained && !isRecalled && !flags.force) {
    throw new FollowspotError(
      `--size: expected ${facts.size.join("x")}, at which ${name} was trained, got ${text}.`,
      { remedy: "Add --force to try it all the same." },
    );
  }
  return size;
}

function resolveMethod({ flags, sketch, facts }: DrawChoices): Method {
  const hasBoxes = (flags.box ?? sketch?.boxes ?? []).length > 0;
  const { method: name } = flags;
  const recalled = sketch?.method;
  // Boxes added to a plain picture's recipe are meant to do something.
  const isStale = recalled?.name === "none" && flags.box !== undefined;
  if (name === undefined && (recalled === undefined || isStale)) {
    return defaultMethod(hasBoxes ? "direct" : "none", facts.defaults.methods);
  }
  const method =
    name === undefined || name === recalled?.name
      ? completeMethod(recalled!, facts.defaults.methods)
      : defaultMethod(name, facts.defaults.methods);
  if (method.name !== "none" && !hasBoxes) {
    throw new FollowspotError(`--method ${method.name}: expected at least one --box, got none.`);
  }
  return method;
}

function resolveBoxes(
  flags: DrawFlags,
  sketch: RecipeSketch | undefined,
  usual: BoxDefaults,
  scale: BoxScale,
): RecipeBox[] {
  const given = flags.box
    ? parseBoxes(flags.box, scale).map(({ words, box }) => ({ words, box }))
    : (sketch?.boxes ?? []);
  const boxes = given.map((entry) => {
    checkBox(entry.words, entry.box, scale);
    return { ...usual, ...entry, box: [...entry.box] as RecipeBox["box"] };
  });
  const stronger = assign("strength", boxes, flags.strength);
  return assign("until", stronger, flags.until);
}

/** Gives the boxes the numbers of --strength or --until. */
function assign(key: "strength" | "until", boxes: RecipeBox[], numbers?: BoxNumbers): RecipeBox[] {
  if (numbers === undefined) return boxes;
  const byWords = new Map(
    Object.entries(numbers.words).map(([words, value]) => [normaliseWords(words), value]),
  );
  const known = new Set(boxes.map(({ words }) => normaliseWords(words)));
  const stray = [...byWords.keys()].find((words) => !known.has(words));
  if (stray !== undefined) {
    const names = boxes.map(({ words }) => `"${words}"`).join(", ") || "no box at all";
    throw new FollowspotError(`--${key}: expected the words of a box (${names}), got "${stray}".`);
  }
  return boxes.map((box) => ({
    ...box,
    [key]: byWords.get(normaliseWords(box.words)) ?? numbers.all ?? box[key],
  }));
}

/** A flag that would change nothing is a misunderstanding: better told than ignored. */
function refuseIdleFlags(flags: DrawFlags, recipe: Recipe, { defaults }: ModelFacts): void {
  const hasBoxes = recipe.boxes.length > 0;
  const isPlain = recipe.method.name === "none";
  const faults: [written: boolean | undefined, flag: string, reason: string][] = [
    [flags.strength && !hasBoxes, "--strength", "there is no --box"],
    [flags.until && !hasBoxes, "--until", "there is no --box"],
    [flags.strength && isPlain, "--strength", "--method none directs nothing"],
    [flags.until && isPlain, "--until", "--method none directs nothing"],
    [flags.compare && isPlain, "--compare", "the picture is a plain one already"],
    [flags.overlay && !hasBoxes, "--overlay", "there is no --box"],
    [!!flags.negative && recipe.cfg === 1, "--negative", unguidedReason(defaults)],
  ];
  const fault = faults.find(([written]) => written);
  if (fault) throw new FollowspotError(`${fault[1]}: has no effect, since ${fault[2]}.`);
}

/** Why there is nothing that a negative prompt could change. */
const unguidedReason = ({ guidance }: ModelFacts["defaults"]): string =>
  guidance === undefined
    ? "--cfg 1 is no guidance"
    : `the model has guidance of ${guidance} distilled into it, away from what was fixed then; draw with its teacher instead`;

/** Why the picture may not be the one that the recipe came from. */
function differences({ flags, sketch, facts }: DrawChoices): string[] {
  const warnings: string[] = [];
  const warn = (what: string, then: string | undefined, now: string) => {
    if (then === undefined || then === now) return;
    warnings.push(`warning: the recipe was made with ${what} ${then}, this is ${now}.`);
  };
  if (flags.model === undefined) warn("model", sketch?.model?.digest, facts.digest);
  warn("provider", sketch?.backend?.provider, facts.backend.provider);
  warn("followspot", sketch?.versions?.followspot, facts.versions.followspot);
  warn("ONNX Runtime", sketch?.versions?.onnxruntime, facts.versions.onnxruntime);
  return warnings;
}
