// A tiny run in a process of its own, to be killed: `train-child.ts CONFIG FOLDER`. Prints every finished step.

import { writeSync } from "node:fs";
import { trainTiny } from "./tiny.js";

const [config, folder] = process.argv.slice(2) as [string, string];
await trainTiny(config, folder, {
  // A checkpoint after every step, so that a kill can meet one half written.
  saveSeconds: 0,
  onStep: (k) => void writeSync(1, `${k}\n`),
});
writeSync(1, "done\n");
process.exit(0);
