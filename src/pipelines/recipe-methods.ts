// The placement methods that a recipe can name, with their parameters and defaults.
import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { explainIssue, faultsOf } from "../io/json-issues.js";
import { LIMITS } from "../core/limits.js";
import { wholeWithin, within } from "../io/within.js";

const trailing = (tokens: number) =>
  wholeWithin(LIMITS.trailing)
    .default(tokens)
    .describe("How many padding positions after the prompt's last token are directed too.");

const outside = (factor: number) =>
  within(LIMITS.share)
    .default(factor)
    .describe("c_w: factor on the attention of directed tokens outside their boxes.");

const gain = (factor: number) =>
  within(LIMITS.gain)
    .default(factor)
    .describe(
      "c_s: height of the Gaussian window inside the box, in the layer's largest attention.",
    );

const lift = within(LIMITS.lift)
  .default(1)
  .describe(
    "Share of the noise range, from its noisy end, in which the window is added; past it, maps are only weakened outside.",
  );

const none = z.strictObject({ name: z.literal("none") }).describe("Plain sampling.");

const direct = z
  .strictObject({
    name: z.literal("direct"),
    trailing: trailing(15),
    gain: gain(0.15),
    lift,
    outside: outside(0.001),
  })
  .describe(
    "Maps are weakened outside and strengthened inside the boxes (the authors' later form).",
  );

const directV1 = z
  .strictObject({
    name: z.literal("dd-v1"),
    trailing: trailing(10),
    outside: outside(0.01),
    unlisted: z
      .number()
      .min(0)
      .max(1)
      .default(0.01)
      .describe("Factor on tokens that belong to no box: 0.01 in the first code, 1 in the paper."),
    count: z
      .enum(["words", "tokens"])
      .default("words")
      .describe("Where the trailing positions start: after the words (first code) or the tokens."),
  })
  .describe("The arithmetic of the authors' first code.");

const optimised = z
  .strictObject({
    name: z.literal("dd"),
    trailing: trailing(15),
    gain: gain(0.15),
    outside: outside(0.001),
    iterations: z.int().min(1).max(100).default(5).describe("Descents per directed step."),
    rate: z.number().positive().max(100).default(0.2).describe("Size of a descent step."),
  })
  .describe("Weights of the trailing maps, found by gradient descent on the published objective.");

/** A method and its parameters; what is left out of the parameters gets its default. */
export const methodSchema = z.discriminatedUnion("name", [direct, optimised, directV1, none]);

/** A method as a person may write it: some parameters, or its name alone. */
export type MethodSketch = z.input<typeof methodSchema>;

/** A placement method with all its parameters. */
export type Method = z.output<typeof methodSchema>;

/** The name of a placement method, of METHOD_NAMES. */
export type MethodName = Method["name"];

/** The names, in the order in which help and errors list them. */
export const METHOD_NAMES = ["direct", "dd", "dd-v1", "none"] as const satisfies MethodName[];

export interface BoxDefaults {
  /** Factor on the edit; 0 leaves the plain picture. */
  strength: number;
  /** Share of the noise range, from the noisy end, in which the box is directed, 0..1. */
  until: number;
}

// 5 of 40 steps in the authors' later work, 10 of 50 in the first code.
const BOX_DEFAULTS: Record<MethodName, BoxDefaults> = {
  direct: { strength: 1, until: 0.3 },
  dd: { strength: 1, until: 0.3 },
  "dd-v1": { strength: 1, until: 0.2 },
  none: { strength: 1, until: 0.3 }, // Kept for the day the boxes are directed.
};

const box = {
  strength: within(LIMITS.strength).optional(),
  until: within(LIMITS.until).optional(),
};

/** Parameters of methods, and numbers of their boxes, that suit a model better than the usual ones. */
export const methodDefaultsSchema = z
  .strictObject({
    direct: direct.omit({ name: true }).partial().extend(box),
    dd: optimised.omit({ name: true }).partial().extend(box),
    "dd-v1": directV1.omit({ name: true }).partial().extend(box),
  })
  .partial();

/** What a model's folder says of the methods: each may lack, and so may each of its parameters. */
export type MethodDefaults = {
  readonly [name in MethodName]?: Readonly<Record<string, string | number | undefined>>;
};

/** The method with its default parameters, those of the model first. */
export function defaultMethod(name: MethodName, defaults: MethodDefaults = {}): Method {
  const { strength: _strength, until: _until, ...parameters } = defaults[name] ?? {};
  return methodSchema.parse({ name, ...parameters });
}

/** Strength and step range of a box that states none, those of the model first. */
export function boxDefaults(name: MethodName, defaults: MethodDefaults = {}): BoxDefaults {
  const { strength, until } = defaults[name] ?? {};
  const own = BOX_DEFAULTS[name];
  return {
    strength: typeof strength === "number" ? strength : own.strength,
    until: typeof until === "number" ? until : own.until,
  };
}

/**
 * The method with parameters that are left out filled in: the model's or the method's defaults.
 *
 * @throws FollowspotError for an unknown name or parameter, and a value out of range
 */
export function completeMethod(method: MethodSketch, defaults: MethodDefaults = {}): Method {
  const isKnown = METHOD_NAMES.includes(method.name);
  const whole = isKnown ? { ...defaultMethod(method.name, defaults), ...method } : method;
  const parsed = methodSchema.safeParse(whole, { error: explainIssue });
  if (parsed.success) return parsed.data;
  throw new FollowspotError(`method: ${faultsOf(parsed.error)[0]}.`, { cause: parsed.error });
}
