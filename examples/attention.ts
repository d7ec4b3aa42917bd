// Where the words look: the cross-attention of each word of a prompt over the picture, plain and with a box. Looking
// never changes the picture.
//
//   npx tsx examples/attention.ts [MODEL] [FOLDER]

import { mkdir, writeFile } from "node:fs/promises";
import { encodePng, loadPipeline, pngTexts } from "followspot";
import type { Picture, Recipe } from "followspot";

const [model = "stage", folder = "out/examples"] = process.argv.slice(2);

const pipe = await loadPipeline(model);
await mkdir(folder, { recursive: true });

async function write(name: string, picture: Picture, recipe: Recipe): Promise<void> {
  const { data, width, height } = picture;
  await writeFile(`${folder}/${name}.png`, await encodePng(data, width, height, pngTexts(recipe)));
  console.log(`${folder}/${name}.png`);
}

// Attention layers have names; those between picture and words are what placement edits.
for (const { name, kind, width, height, heads } of pipe.sites()) {
  if (kind === "cross") console.error(`${name}: ${width}x${height} cells, ${heads} heads`);
}

const words = ["red cube", "blue sphere"];
const boxes = [{ words: "red cube", box: [0, 0, 0.5, 0.5] }] as const;
const call = { prompt: "a red cube and a blue sphere", seed: 3n, heatmaps: words, boxes };

for (const method of ["none", "direct"] as const) {
  const recipe = await pipe.recipeOf({ ...call, method });
  const [drawn] = await pipe.pictures({ ...call, method });
  await write(`attention-${method}`, drawn!.picture, recipe);
  for (const { word, picture } of drawn!.heatmaps) {
    await write(`attention-${method}-${word.replace(" ", "-")}`, picture, recipe);
  }
  const [{ attentionShare } = { attentionShare: 0 }] = drawn!.boxes;
  console.log(`${method}: ${(100 * attentionShare).toFixed(0)} % of "red cube" in its box`);
}
await pipe.close();
