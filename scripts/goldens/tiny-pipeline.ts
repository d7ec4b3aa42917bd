// Writes the tiny pipelines of the tests to FOLDER and FOLDER-guidance, for diffusers:
//   npx tsx scripts/goldens/tiny-pipeline.ts FOLDER

import { TAKES_GUIDANCE, writeTinyPipeline } from "../../test/pipelines/tiny-pipeline.js";

const folder = process.argv[2];
if (!folder) throw new Error("tiny-pipeline: expected a folder, got none");
await writeTinyPipeline(folder);
await writeTinyPipeline(`${folder}-guidance`, TAKES_GUIDANCE);
