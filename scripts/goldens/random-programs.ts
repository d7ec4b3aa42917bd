// Writes the programs of the 200 random graphs, one a line, to test/golden/engine/random_programs.json.
// Run from the root of the repository, and random_graphs.py after it: npx tsx scripts/goldens/random-programs.ts

import { writeFileSync } from "node:fs";
import { generateProgram } from "../../test/engine/programs/generate.js";

const COUNT = 200;

const lines = Array.from({ length: COUNT }, (_, seed) => JSON.stringify(generateProgram(seed)));
writeFileSync("test/golden/engine/random_programs.json", `[\n${lines.join(",\n")}\n]\n`);
