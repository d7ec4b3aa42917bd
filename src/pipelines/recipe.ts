// The recipe: one document that holds all that makes a picture, the same in files, in PNGs and in code.
import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { SAMPLER_NAMES } from "../diffusion/samplers/registry.js";
import { explainIssue, faultsOf, shown } from "../io/json-issues.js";
import { checkBox, checkDistinct } from "./box.js";
import { LIMITS, MAX_SEED } from "../core/limits.js";
import { wholeWithin, within } from "../io/within.js";
import { methodSchema } from "./recipe-methods.js";
import type { MethodSketch } from "./recipe-methods.js";

/** The version that this code writes; older ones are read, newer ones refused. */
export const RECIPE_VERSION = 1;

/** Where a model may be run. */
export const PROVIDER_NAMES = ["cpu", "webgpu", "wasm"] as const;

const edge = z.number().min(0).max(1);

const boxFields = {
  words: z.string().trim().min(1).describe('Words of the prompt; "cube#2" is the second cube.'),
  box: z
    .tuple([edge, edge, edge, edge])
    .describe("Left, top, right, bottom as fractions of the picture's width and height."),
  strength: within(LIMITS.strength).describe("Factor on the edit; 0 leaves the plain picture."),
  until: within(LIMITS.until).describe(
    "Share of the noise range, from the noisy end, in which the box is directed.",
  ),
};
const boxSchema = z.strictObject(boxFields);

const seedSchema = z.codec(
  z
    .string()
    .regex(/^\d{1,20}$/)
    .describe("Decimal digits of an unsigned 64-bit integer."),
  z.bigint().min(0n).max(MAX_SEED),
  { decode: (text) => BigInt(text), encode: (seed) => seed.toString() },
);

const modelFields = {
  name: z.string().min(1).describe('"stage", a folder, or a hub id.'),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
};

const recipeFields = {
  version: z.literal(RECIPE_VERSION).describe("Version of this form."),
  prompt: z.string(),
  negative: z.string().describe("What guidance leads away from; empty for nothing in particular."),
  boxes: z.array(boxSchema),
  model: z.strictObject(modelFields),
  method: methodSchema,
  sampler: z.enum(SAMPLER_NAMES),
  steps: wholeWithin(LIMITS.steps),
  cfg: within(LIMITS.cfg).describe("Scale of classifier-free guidance; 1 is none."),
  seed: seedSchema,
  size: z
    .tuple([wholeWithin(LIMITS.side), wholeWithin(LIMITS.side)])
    .describe("Width and height in pixels."),
  backend: z
    .strictObject({ provider: z.enum(PROVIDER_NAMES), threads: wholeWithin(LIMITS.threads) })
    .describe("Where it was run: the bytes depend on it."),
  versions: z
    .strictObject({ followspot: z.string(), onnxruntime: z.string() })
    .describe("Programs that made the picture."),
};

/** A complete recipe, as pictures carry it. */
export const recipeSchema = z.strictObject(recipeFields);

/** A recipe as a person may write it: what is left out is filled in from the model's defaults. */
export const sketchSchema = z.strictObject({
  $schema: z.string().optional(),
  ...z.strictObject(recipeFields).partial().shape,
  version: recipeFields.version,
  prompt: recipeFields.prompt,
  boxes: z.array(boxSchema.partial({ strength: true, until: true })).optional(),
  model: z.strictObject(modelFields).partial({ digest: true }).optional(),
});

/** A complete recipe: all that makes one picture, checked by `parseRecipe`. */
export type Recipe = z.output<typeof recipeSchema>;
/** A recipe that may leave out all but `version` and `prompt`, checked by `parseSketch`. */
export type RecipeSketch = Omit<z.output<typeof sketchSchema>, "method"> & {
  /** As it was written: what is left out depends on the model. */
  readonly method?: MethodSketch | undefined;
};
export type RecipeBox = Recipe["boxes"][number];

/**
 * Checks a complete recipe.
 *
 * @param value - what JSON.parse gave
 * @throws FollowspotError with the first faults, if the version is newer, a key unknown or a value wrong.
 */
export const parseRecipe = (value: unknown): Recipe => parseWith(recipeSchema, value);

/**
 * Checks a recipe that may leave out all but `version` and `prompt`.
 *
 * @throws FollowspotError as parseRecipe
 */
export function parseSketch(value: unknown): RecipeSketch {
  const sketch = parseWith(sketchSchema, value);
  const { method } = value as Pick<RecipeSketch, "method">;
  return { ...sketch, method };
}

/** JSON text of a recipe, with the keys in the schema's order and the seed as a string. */
export const formatRecipe = (recipe: Recipe, indent = 2): string =>
  JSON.stringify(encodeRecipe(recipe), null, indent);

/** The recipe as plain JSON values. */
export const encodeRecipe = (recipe: Recipe): z.input<typeof recipeSchema> =>
  z.encode(recipeSchema, recipe);

type PlacedWords = Pick<RecipeBox, "words" | "box">;

function parseWith<T extends { boxes?: PlacedWords[] | undefined }>(
  schema: z.ZodType<T>,
  value: unknown,
): T {
  checkVersion(value);
  const { success, data, error } = schema.safeParse(value, { error: explainIssue });
  if (!success) throw new FollowspotError(tell(faultsOf(error)), { cause: error });
  const boxes = data.boxes ?? [];
  for (const { words, box } of boxes) checkBox(words, box);
  checkDistinct(boxes);
  return data;
}

/** A newer recipe fails by its version, not by the first key that is new in it. */
function checkVersion(value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new FollowspotError(`recipe: expected a JSON object, got ${shown(value)}.`);
  }
  const version = (value as { version?: unknown }).version;
  if (typeof version === "number" && version > RECIPE_VERSION) {
    throw new FollowspotError(
      `recipe: expected version ${RECIPE_VERSION} or older, got ${version}.`,
      { remedy: "Update followspot to read it." },
    );
  }
}

const MAX_FAULTS = 3;

function tell(faults: readonly string[]): string {
  const rest = faults.length - MAX_FAULTS;
  return `recipe: ${faults.slice(0, MAX_FAULTS).join("; ")}${rest > 0 ? `; and ${rest} more` : ""}.`;
}
