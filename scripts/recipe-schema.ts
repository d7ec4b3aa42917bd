// Writes docs/recipe.schema.json from the recipe's schema: `npx tsx scripts/recipe-schema.ts`.
import { writeFileSync } from "node:fs";
import { recipeSchemaText } from "../src/pipelines/recipe-schema.js";

writeFileSync(new URL("../docs/recipe.schema.json", import.meta.url), recipeSchemaText());
