// What of a recipe holds for another model than the one that it was made with.
import type { ModelFacts } from "../pipelines/draw-request.js";
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
  const left = leftOut(sketch, flags, takesNegative);
  if (left.length === 0) return { sketch: kept, notes: [] };
  const line = `note: the recipe was made with another model; not recalled: ${left.join(", ")}.`;
  return { sketch: kept, notes: [line] };
}

/** What the recipe says and neither the flags nor the other model take from it. */
function leftOut(sketch: RecipeSketch, flags: DrawFlags, takesNegative: boolean): string[] {
  const { sampler, steps, cfg, size, method, negative } = sketch;
  const boxes = flags.box ? [] : (sketch.boxes ?? []);
  const hasParameters = method !== undefined && Object.keys(method).length > 1;
  const parts: [isLeft: boolean, what: string][] = [
    [sampler !== undefined && flags.sampler === undefined, `sampler ${sampler}`],
    [steps !== undefined && flags.steps === undefined, `steps ${steps}`],
    [cfg !== undefined && flags.cfg === undefined, `cfg ${cfg}`],
    [size !== undefined && flags.size === undefined, `size ${size?.join("x")}`],
    [hasParameters && flags.method === undefined, `parameters of ${method?.name}`],
    [boxes.some(({ strength }) => strength !== undefined), "strength of the boxes"],
    [boxes.some(({ until }) => until !== undefined), "until of the boxes"],
    [!takesNegative && !!negative, `negative prompt "${negative}"`],
  ];
  return parts.filter(([isLeft]) => isLeft).map(([, what]) => what);
}
