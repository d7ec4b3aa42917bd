// One picture with two things where the boxes say, step by step.
//
//   npx tsx examples/draw.ts [MODEL] [FOLDER]

import { mkdir, writeFile } from "node:fs/promises";
import { encodePng, loadPipeline, pngTexts } from "followspot";

const [model = "stage", folder = "out/examples"] = process.argv.slice(2);

// A folder, a model that ships with the package, or a hub id, which is downloaded.
const pipe = await loadPipeline(model, {
  onDownload: ({ file, loaded, total }) => console.error(`${file}: ${loaded} of ${total} bytes`),
});

const options = {
  prompt: "a red cube above a blue sphere",
  boxes: [
    { words: "red cube", box: [0.3, 0.05, 0.7, 0.45] },
    { words: "blue sphere", box: [0.3, 0.5, 0.7, 0.95] },
  ],
  seed: 7n,
} as const;

// What is said before anything is drawn: the tokens of each box, words that the model does not know.
for (const warning of pipe.plan(options).warnings) console.error(warning);

// What makes the picture again: `followspot draw --from draw.png` reads it from the file.
const texts = pngTexts(await pipe.recipeOf(options));

for await (const { step, steps, pictures } of pipe.draw(options)) {
  console.error(`step ${step} of ${steps}`);
  for (const { picture, boxes } of pictures ?? []) {
    await mkdir(folder, { recursive: true });
    const { data, width, height } = picture;
    await writeFile(`${folder}/draw.png`, await encodePng(data, width, height, texts));
    for (const { words, attentionShare } of boxes) {
      console.log(`${words}: ${(100 * attentionShare).toFixed(0)} % of its attention in its box`);
    }
  }
}
await pipe.close();
console.log(`${folder}/draw.png`);
