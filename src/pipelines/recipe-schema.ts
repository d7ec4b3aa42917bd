// The recipe's form as a JSON Schema, for editors and for programs in other languages.
import { z } from "zod";
import { sketchSchema } from "./recipe.js";

/** JSON Schema (draft 2020-12) of a recipe file. */
export function recipeJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(sketchSchema, { io: "input" });
  return {
    $schema,
    title: "Followspot recipe",
    description:
      "All that makes a picture. What is left out is filled in from the model's defaults.",
    ...schema,
  };
}

/** The text of docs/recipe.schema.json. */
export const recipeSchemaText = (): string => `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`;
