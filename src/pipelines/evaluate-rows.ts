// The rows that an evaluation draws: each a method with the settings that its pictures are drawn with.

import { FollowspotError } from "../core/errors.js";
import { LISTED_SETTINGS } from "./evaluate-request.js";
import type { EvaluateRequest, ListedSetting, PlacementSettings } from "./evaluate-request.js";
import { METHOD_NAMES, boxDefaults, defaultMethod, methodSchema } from "./recipe-methods.js";
import type { Method, MethodDefaults, MethodName } from "./recipe-methods.js";

/** How the pictures of a row are drawn. */
export interface DrawnRow {
  /** The method's name, and after it the settings that are tried: "direct strength 2". */
  readonly name: string;
  readonly method: Method;
  readonly strength: number;
  readonly until: number;
}

/** Plain sampling first, so that a list cut short has what the others are compared with. */
const ORDER: readonly MethodName[] = ["none", "dd-v1", "direct", "dd"];

/** Methods without settings: their defaults for a model. */
export function defaultRows(defaults: MethodDefaults): DrawnRow[] {
  return ORDER.map((name) => ({
    name,
    method: defaultMethod(name, defaults),
    ...boxDefaults(name, defaults),
  }));
}

/** "direct trailing 15 gain 0.15 outside 0.001 strength 1 until 0.3": all that a row's pictures depend on. */
export function describeRow({ method, strength, until }: Omit<DrawnRow, "name">): string {
  if (method.name === "none") return method.name;
  const { name, ...parameters } = method;
  const all = Object.entries({ ...parameters, strength, until });
  return [name, ...all.map(([key, value]) => `${key} ${value}`)].join(" ");
}

/** A student's steps are what it is asked to do with, not a choice; all else is chosen on the list for choosing. */
function refuseChoices({ split, settings = {} }: EvaluateRequest, isStudent: boolean): void {
  const chosen = Object.keys(settings).filter((name) => !(isStudent && name === "steps"));
  if (split === "tune" || chosen.length === 0) return;
  throw new FollowspotError(
    `evaluate: expected the defaults on the ${split} list, got ${chosen.join(", ")}.`,
    { remedy: "Choose settings with --split tune." },
  );
}

/**
 * The rows of a request.
 *
 * @throws FollowspotError when settings are to be tried on another list than `tune`, but for the steps of a student, or
 *   a method is unknown
 */
export function rowsOf(
  request: EvaluateRequest,
  defaults: MethodDefaults,
  isStudent = false,
): DrawnRow[] {
  refuseChoices(request, isStudent);
  const { methods = ORDER, settings = {} } = request;
  const unknown = methods.find((name) => !METHOD_NAMES.includes(name));
  if (unknown !== undefined) {
    const known = METHOD_NAMES.join(", ");
    throw new FollowspotError(`evaluate: expected methods of ${known}, got ${unknown}.`);
  }
  const tried = combinationsOf(settings);
  return defaultRows(defaults)
    .filter(({ method: { name } }) => name === "none" || methods.includes(name))
    .flatMap((row) => (row.name === "none" ? [row] : tried.map((each) => withSettings(row, each))));
}

type Tried = Partial<Record<ListedSetting, number>>;

/** Every combination of the listed values. */
function combinationsOf(settings: PlacementSettings): Tried[] {
  return LISTED_SETTINGS.reduce<Tried[]>(
    (all, name) => {
      const values = settings[name];
      return values
        ? all.flatMap((each) => values.map((value) => ({ ...each, [name]: value })))
        : all;
    },
    [{}],
  );
}

function withSettings(row: DrawnRow, tried: Tried): DrawnRow {
  const { strength = row.strength, until = row.until, ...parameters } = tried;
  const method = methodSchema.safeParse({ ...row.method, ...parameters });
  if (!method.success) {
    throw new FollowspotError(
      `evaluate: expected settings that ${row.name} has, got ${Object.keys(parameters).join(", ")}.`,
      { remedy: "Leave the method out with --methods.", cause: method.error },
    );
  }
  const name = [row.name, ...Object.entries(tried).map((pair) => pair.join(" "))].join(" ");
  return { name, method: method.data, strength, until };
}
