// Three pages with the same things in other places: one prompt, one seed, other boxes. Only the boxes change from page
// to page, so nothing is compiled after the first.
//
//   npx tsx examples/storybook.ts [MODEL] [FOLDER]

import { mkdir, writeFile } from "node:fs/promises";
import { encodePng, loadPipeline, parseBoxes, pngTexts } from "followspot";

const [model = "stage", folder = "out/examples"] = process.argv.slice(2);

const THINGS = { prompt: "a cat and a yellow cube", seed: 11n };
// Boxes as on the command line: fractions, percent, pixels or a name.
const PAGES = [
  { text: "The cube lies far away.", boxes: ["cat=left", "yellow cube=0.7,0.6,0.95,0.9"] },
  { text: "The cat comes nearer.", boxes: ["cat=center", "yellow cube=0.7,0.6,0.95,0.9"] },
  { text: "Got it!", boxes: ["cat=right", "yellow cube=5%,10%,30%,40%"] },
];

const pipe = await loadPipeline(model);
await mkdir(folder, { recursive: true });

for (const [index, { text, boxes }] of PAGES.entries()) {
  const placed = parseBoxes(boxes, { size: pipe.model.size });
  const call = { ...THINGS, boxes: placed };
  const [drawn] = await pipe.pictures(call);
  const { data, width, height } = drawn!.picture;
  const file = `${folder}/page-${index + 1}.png`;
  // A title for people, and the recipe, from which `followspot draw --from` draws the page again.
  const texts = { Title: text, ...pngTexts(await pipe.recipeOf(call)) };
  await writeFile(file, await encodePng(data, width, height, texts));
  console.log(`${file}: ${text}`);
}
await pipe.close();
