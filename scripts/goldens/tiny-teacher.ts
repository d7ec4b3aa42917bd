// Writes tiny teachers to folders, for diffusers: npx tsx scripts/goldens/tiny-teacher.ts FOLDER

import { join } from "node:path";
import { writeTinyTeacherModel, TINY_TEACHERS } from "../../test/training/tiny-teacher.js";

const folder = process.argv[2];
if (!folder) throw new Error("tiny-teacher: expected a folder, got none");
for (const name of Object.keys(TINY_TEACHERS))
  await writeTinyTeacherModel(name, join(folder, name));
