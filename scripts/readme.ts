// Writes into README.md what is read from elsewhere: the method's source and the measured figures.
//
//   npx tsx scripts/readme.ts

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { writeFileAtomic } from "../src/io/atomic.js";
import { format, resolveConfig } from "prettier";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const METHOD = "src/guidance/placement/direct.ts";

type Json = Record<string, unknown>;

async function json(path: string): Promise<Json | undefined> {
  try {
    return JSON.parse(await readFile(`${ROOT}docs/results/${path}`, "utf8")) as Json;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const percent = (share: unknown): string =>
  typeof share === "number" ? `${(share * 100).toFixed(1)} %` : "-";

async function modelFigures(): Promise<string[]> {
  const autoencoder = await json("stage/autoencoder.json");
  const localisation = await json("stage/localisation.json");
  const rows: string[] = [];
  if (autoencoder) {
    const { psnrMean, pictures, gate } = autoencoder;
    rows.push(
      `| autoencoder, PSNR on ${String(pictures)} new scenes (gate ${String(gate)} dB) | ${String(psnrMean)} dB |`,
    );
  }
  if (localisation) {
    const { overall, scenes, gate } = localisation as {
      overall: number;
      scenes: number;
      gate: number;
    };
    rows.push(
      `| a noun's attention in its thing's box, over the box's area, ${scenes} held-out scenes (gate ${gate}x) | ${overall.toFixed(2)}x |`,
    );
  }
  return rows.length > 0 ? ["| the shipped model | |", "| --- | --- |", ...rows, ""] : [];
}

interface PlacementFile {
  readonly count: number;
  readonly judge: string;
  readonly rows: readonly Json[];
}

const placementRow = (title: string, row: Json): string =>
  [
    `| ${title}`,
    ...["found", "colourRight", "centreInBox", "bothInBox", "relationKept"].map((each) =>
      percent(row[each]),
    ),
    `${Number(row["meanIou"]).toFixed(3)} |`,
  ].join(" | ");

/** The student's folders of results, by its steps. */
const STUDENT = {
  "4 steps": "stage-live/placement",
  "2 steps": "stage-live/placement-2-steps",
  "1 step": "stage-live/placement-1-step",
};

/** The student's placed pictures, which have rows under the shipped model's. */
async function studentRows(): Promise<string[]> {
  const rows: string[] = [];
  for (const [steps, folder] of Object.entries(STUDENT)) {
    const table = (await json(`${folder}/placement.json`)) as PlacementFile | undefined;
    const direct = table?.rows.find(({ method }) => method === "direct");
    if (direct) rows.push(placementRow(`\`direct\`, \`stage-live\` in ${steps}`, direct));
  }
  return rows;
}

async function placementFigures(): Promise<string[]> {
  const table = (await json("placement/placement.json")) as PlacementFile | undefined;
  if (!table) return [];
  const rows = table.rows.map((row) => placementRow(`\`${String(row["method"])}\``, row));
  return [
    `Placement on ${table.count} (prompt, box, seed) triples, judged by ${table.judge}:`,
    "",
    "| method | found | colour right | centre in box (one) | both in boxes (two) | relation kept (two) | mean IoU |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    ...(await studentRows()),
    "",
    'Half of the pictures have one box, half two; "relation kept" is above, below or beside as asked. `chance` judges plain pictures by another triple\'s boxes, `ceiling` rendered scenes after the autoencoder.' +
      " `direct` has settings chosen on a list of its own (`tune`), `dd` and `dd-v1` have the published ones but for 75 trailing positions and were not tuned.",
    "",
  ];
}

/** How often the judge says what a person says. */
async function eyeFigures(): Promise<string[]> {
  const eye = (await json("placement/eye/agreement.json")) as
    { placed: { asked: number; share: number } } | undefined;
  if (!eye) return [];
  const { asked, share } = eye.placed;
  return [
    `Of ${asked} things in 60 of these pictures, a person says the same as the judge of ${percent(share)}: there and in its box, or not ([labels](docs/results/placement/eye)).`,
    "",
  ];
}

/** README.md with both generated parts as they should be, in the project's layout. */
export async function currentReadme(text: string): Promise<string> {
  const source = await readFile(`${ROOT}${METHOD}`, "utf8");
  const parts = [await modelFigures(), await placementFigures(), await eyeFigures()];
  const figures = parts.flat().join("\n").trim();
  const part = (page: string, name: string, body: string): string =>
    page.replace(
      new RegExp(`(<!-- ${name}:begin -->)[^]*(<!-- ${name}:end -->)`),
      (_, begin: string, end: string) => `${begin}\n\n${body}\n\n${end}`,
    );
  const page = part(part(text, "method", `\`\`\`ts\n${source.trim()}\n\`\`\``), "figures", figures);
  const options = await resolveConfig(`${ROOT}README.md`);
  return format(page, { ...options, parser: "markdown" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = `${ROOT}README.md`;
  await writeFileAtomic(path, await currentReadme(await readFile(path, "utf8")));
}
