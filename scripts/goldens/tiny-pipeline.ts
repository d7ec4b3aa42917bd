// Writes the tiny pipeline of the tests to a folder, for diffusers: npx tsx scripts/goldens/tiny-pipeline.ts FOLDER

import { writeTinyPipeline } from "../../test/pipelines/tiny-pipeline.js";

const folder = process.argv[2];
if (!folder) throw new Error("tiny-pipeline: expected a folder, got none");
await writeTinyPipeline(folder);
