// A box that is dragged across the picture, drawn from one seed by the shipped model and by its student in 4, 2 and 1
// steps: does the thing follow?
//
//   npx tsx scripts/drag-figure.ts [--seed 7] [--output docs/results/stage-live/drag.png]

import { parseArgs } from "node:util";
import sharp from "sharp";
import { writeFileAtomic } from "../src/io/atomic.js";
import { drawBoxes } from "../src/io/box-overlay.js";
import { contactSheet } from "../src/io/contact-sheet.js";
import type { Picture } from "../src/io/image.js";
import type { Box } from "../src/pipelines/box.js";
import { loadPipeline } from "../src/pipelines/text-to-image.js";
import type { TextToImagePipeline } from "../src/pipelines/text-to-image.js";

const PROMPT = "a red cube and a yellow sphere on a beach";
const SCALE = 2;
/** The cube's box on its way, and the sphere's, which stays. */
const WAY: readonly Box[] = [0.02, 0.12, 0.22, 0.32, 0.42, 0.52].map((left) => [
  left,
  0.06 + 0.1 * left,
  left + 0.4,
  0.46 + 0.1 * left,
]);
const SPHERE: Box = [0.1, 0.56, 0.46, 0.94];

const RUNS = [
  ["stage", 20],
  ["stage-live", 4],
  ["stage-live", 2],
  ["stage-live", 1],
] as const;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "7" },
    output: { type: "string", default: "docs/results/stage-live/drag.png" },
  },
});

async function cellOf(pipe: TextToImagePipeline, steps: number, cube: Box): Promise<Picture> {
  const boxes = [
    { words: "red cube", box: cube },
    { words: "yellow sphere", box: SPHERE },
  ];
  const [made] = await pipe.pictures({ prompt: PROMPT, boxes, steps, seed: BigInt(values.seed) });
  return drawBoxes(
    made!.picture,
    boxes.map(({ box }) => ({ box, label: "" })),
    { scale: SCALE },
  );
}

const rows: { pictures: Picture[]; label: string }[] = [];
for (const [model, steps] of RUNS) {
  const pipe = await loadPipeline(model);
  const pictures: Picture[] = [];
  for (const cube of WAY) pictures.push(await cellOf(pipe, steps, cube));
  await pipe.close();
  rows.push({ pictures, label: `${model}, ${steps} ${steps === 1 ? "step" : "steps"}` });
}
const sheet = await contactSheet(
  rows.flatMap(({ pictures }) => pictures),
  WAY.length,
  rows.flatMap(({ pictures, label }) => pictures.map((_, i) => (i === 0 ? label : ""))),
);
// A palette takes a quarter of the bytes.
await writeFileAtomic(values.output, await sharp(sheet).png({ palette: true }).toBuffer());
console.log(`${values.output}: "${PROMPT}", seed ${values.seed}`);
