// What of a recipe holds for another model than the one that it was made with.
import type { ModelFacts } from "../pipelines/draw-request.js";
import { boxDefaults, defaultMethod } from "../pipelines/recipe-methods.js";
import type { RecipeSketch } from "../pipelines/recipe.js";
import type { DrawFlags } from "./draw-flags.js";

export interface Recalled {
  sketch?: RecipeSketch | undefined;
  /** What was not recalled, in a line; none if all was. */
  notes: string[];
}

/** The recipe as it was, or for another model that --model asks for, what does not belong to its own. */
export function recall(
  sketch: RecipeSketch | undefined,
  flags: DrawFlags,
  facts: ModelFacts,
): Recalled {
  const digest = sketch?.model?.digest;
  const isOther = flags.model !== undefined && digest !== undefined && digest !== facts.digest;
  if (!sketch || !isOther) return { sketch, notes: [] };
  const { sampler: _sampler, steps: _steps, cfg: _cfg, size: _size, ...own } = sketch;
  const { takesNegative = true } = facts;
  const { boxes, method, negative } = sketch;
  const kept: RecipeSketch = {
    ...own,
    negative: takesNegative ? negative : undefined,
    boxes: boxes?.map(({ words, box }) => ({ words, box })),
    method: method && { name: method.name },
  };
  const left = leftOut(sketch, flags, facts);
  if (left.length === 0) return { sketch: kept, notes: [] };
  const line = `note: the recipe was made with another model; not recalled: ${left.join(", ")}.`;
  return { sketch: kept, notes: [line] };
}

/** What the recipe says, no flag says anew, and the other model does not happen to say too. */
function leftOut(sketch: RecipeSketch, flags: DrawFlags, facts: ModelFacts): string[] {
  const { method, negative } = sketch;
  const { defaults, takesNegative = true } = facts;
  const boxes = flags.box ? [] : (sketch.boxes ?? []);
  const name = flags.method ?? method?.name ?? "direct";
  const own = boxDefaults(name, defaults.methods);
  const parameters: Readonly<Record<string, unknown>> = defaultMethod(name, defaults.methods);
  const hasOthers = Object.entries(method ?? {}).some(([key, value]) => parameters[key] !== value);
  const size = sketch.size?.join("x");
  const differs = <T>(then: T | undefined, flag: unknown, now: T): boolean =>
    then !== undefined && flag === undefined && then !== now;
  const parts: [isLeft: boolean, what: string][] = [
    [differs(sketch.sampler, flags.sampler, defaults.sampler), `sampler ${sketch.sampler}`],
    [differs(sketch.steps, flags.steps, defaults.steps), `steps ${sketch.steps}`],
    [differs(sketch.cfg, flags.cfg, defaults.cfg), `cfg ${sketch.cfg}`],
    [differs(size, flags.size, facts.size.join("x")), `size ${size}`],
    [hasOthers && flags.method === undefined, `parameters of ${name}`],
    [
      boxes.some((box) => differs(box.strength, flags.strength, own.strength)),
      "strength of the boxes",
    ],
    [boxes.some((box) => differs(box.until, flags.until, own.until)), "until of the boxes"],
    [!takesNegative && !!negative, `negative prompt "${negative}"`],
  ];
  return parts.filter(([isLeft]) => isLeft).map(([, what]) => what);
}
