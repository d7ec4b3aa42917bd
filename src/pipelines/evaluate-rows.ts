// The rows that an evaluation draws: each a method with the settings that its pictures are drawn with.

import { FollowspotError } from "../core/errors.js";
import type { EvaluateRequest } from "./evaluate-request.js";
import { METHOD_NAMES, boxDefaults, defaultMethod } from "./recipe-methods.js";
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
    ...boxDefaults(name),
  }));
}

/** "direct trailing 15 gain 0.15 outside 0.001 strength 1 until 0.3": all that a row's pictures depend on. */
export function describeRow({ method, strength, until }: Omit<DrawnRow, "name">): string {
  if (method.name === "none") return method.name;
  const { name, ...parameters } = method;
  const all = Object.entries({ ...parameters, strength, until });
  return [name, ...all.map(([key, value]) => `${key} ${value}`)].join(" ");
}

/**
 * The rows of a request.
 *
 * @throws FollowspotError when settings are to be tried on another list than `tune`, or a method is unknown
 */
export function rowsOf(
  { split, methods = ORDER, settings = {} }: EvaluateRequest,
  defaults: MethodDefaults,
): DrawnRow[] {
  if (split !== "tune" && Object.keys(settings).length > 0) {
    throw new FollowspotError(
      `evaluate: expected the defaults on the ${split} list, got ${Object.keys(settings).join(", ")}.`,
      { remedy: "Choose settings with --split tune." },
    );
  }
  const unknown = methods.find((name) => !METHOD_NAMES.includes(name));
  if (unknown !== undefined) {
    const known = METHOD_NAMES.join(", ");
    throw new FollowspotError(`evaluate: expected methods of ${known}, got ${unknown}.`);
  }
  const { strength = [undefined], until = [undefined], trailing = [undefined] } = settings;
  const tried = strength.flatMap((s) => until.flatMap((u) => trailing.map((t) => [s, u, t])));
  return defaultRows(defaults)
    .filter(({ method: { name } }) => name === "none" || methods.includes(name))
    .flatMap((row) => {
      if (row.name === "none") return [row];
      return tried.map(([s, u, t]) => withSettings(row, s, u, t));
    });
}

function withSettings(row: DrawnRow, strength?: number, until?: number, trailing?: number) {
  const tried = Object.entries({ strength, until, trailing }).filter(
    ([, value]) => value !== undefined,
  );
  return {
    name: [row.name, ...tried.map(([name, value]) => `${name} ${value}`)].join(" "),
    method: trailing === undefined ? row.method : ({ ...row.method, trailing } as Method),
    strength: strength ?? row.strength,
    until: until ?? row.until,
  };
}
