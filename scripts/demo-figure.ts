// README's first picture: six prompts from one seed, plain and with a box, nothing chosen after looking.
//
//   npx tsx scripts/demo-figure.ts [--seed 1] [--output docs/images/demo.png]

import { parseArgs } from "node:util";
import sharp from "sharp";
import { writeFileAtomic } from "../src/io/atomic.js";
import { drawBoxes } from "../src/io/box-overlay.js";
import { contactSheet } from "../src/io/contact-sheet.js";
import type { Picture } from "../src/io/image.js";
import type { Box } from "../src/pipelines/box.js";
import { loadPipeline } from "../src/pipelines/text-to-image.js";

const SCALE = 2;
/** Prompt, the words that are placed, and where. */
const SCENES: readonly (readonly [prompt: string, words: string, box: Box])[] = [
  ["a red cube", "red cube", [0.05, 0.05, 0.45, 0.45]],
  ["an orange sphere", "orange sphere", [0.55, 0.55, 0.95, 0.95]],
  ["a purple torus in the snow", "purple torus", [0.55, 0.05, 0.95, 0.45]],
  ["a green cone", "green cone", [0.1, 0.5, 0.5, 0.9]],
  ["a yellow cylinder", "yellow cylinder", [0.3, 0.3, 0.7, 0.7]],
  ["a blue sphere on a meadow", "blue sphere", [0.05, 0.3, 0.45, 0.7]],
];
const METHODS = ["none", "direct"] as const;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    output: { type: "string", default: "docs/images/demo.png" },
  },
});

const pipe = await loadPipeline("stage");
const pictures: Picture[] = [];
const labels: string[] = [];
for (const method of METHODS) {
  for (const [prompt, words, box] of SCENES) {
    const boxes = [{ words, box }];
    const [made] = await pipe.pictures({ prompt, boxes, method, seed: BigInt(values.seed) });
    pictures.push(await drawBoxes(made!.picture, [{ box, label: "" }], { scale: SCALE }));
    labels.push(`${prompt} (${method})`);
  }
}
await pipe.close();
const sheet = await contactSheet(pictures, SCENES.length, labels);
await writeFileAtomic(values.output, await sharp(sheet).png({ palette: true }).toBuffer());
console.log(`${values.output}: ${SCENES.length} prompts, seed ${values.seed}`);
