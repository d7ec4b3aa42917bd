// The experiment of docs/results/sferd: trains its rows, draws and measures their pictures, and writes the table.
//
// From the root of the repository, with the data set under data/ and FOLLOWSPOT_INCEPTION set:
//   npx tsx scripts/sferd.ts run mnist [ROW ...] [--count 10000]   # prints each command; goes on where it stopped
//   npx tsx scripts/sferd.ts time mnist                            # seconds a picture, all rows in turn, on an idle machine
//   npx tsx scripts/sferd.ts sheets mnist                          # the first 64 pictures of each, beside that table
//   npx tsx scripts/sferd.ts report mnist                          # docs/results/sferd/mnist.json and mnist.md

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { writeFileAtomic } from "../src/io/atomic.js";
import { contactSheet } from "../src/io/contact-sheet.js";
import { pictureOf } from "../src/io/image.js";
import { readJson, writeJson } from "../src/io/json.js";
import type { DistributionReport } from "../src/pipelines/evaluate-distribution-request.js";
import type { SampleReport } from "../src/pipelines/sample-request.js";
import { EXPERIMENTS } from "./sferd/rows.js";
import type { Draw, Experiment, Row } from "./sferd/rows.js";
import { sferdMarkdown } from "./sferd/report.js";
import type { Measure } from "./sferd/report.js";

const RESULTS = "docs/results/sferd";
const BATCH = 64;
const SHEET = { count: 64, columns: 16 };
/** Rounds and pictures of a timing. */
const TIMED = { rounds: 3, pictures: 4 * BATCH };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "10000" } },
});
const [verb = "", name = "", ...only] = positionals;
const experiment = EXPERIMENTS[name];
const base = join("runs", "sferd", name);
const TIMES = join(base, "times.json");

/** A followspot command: its standard output, as JSON where asked for. */
async function followspot(args: readonly string[]): Promise<string> {
  console.error(`followspot ${args.join(" ")}`);
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  if (code !== 0)
    throw new Error(`sferd: followspot ${args[0]}: expected exit code 0, got ${code}.`);
  return text;
}

const runFolder = (row: string): string => join(base, row);
const named = (text: string): string =>
  text.replace(/\{([\w-]+)\}/g, (_, row: string) => runFolder(row));

async function train({ name: row, train: run }: Row): Promise<void> {
  if (!run || existsSync(join(runFolder(row), "model"))) return;
  if (existsSync(join(runFolder(row), "run.json"))) {
    await followspot(["train", "--resume", runFolder(row)]);
    return;
  }
  const changes = Object.entries(run.set).flatMap(([path, value]) => [
    "--set",
    `${path}=${named(value)}`,
  ]);
  await followspot(["train", run.preset, "-o", runFolder(row), ...changes]);
}

const modelOf = (row: Row, { model }: Draw): string =>
  model.startsWith("{") ? named(model) : join(runFolder(row.name), model);
const measureOf = (row: Row, { steps }: Draw): string => `${row.name}-${steps}`;
const measureFile = (measure: string): string => join(base, "measures", `${measure}.json`);

/** Pictures of a row in a folder. */
async function sample(row: Row, draw: Draw, count: number, out: string): Promise<SampleReport> {
  const sampler = draw.sampler === undefined ? [] : ["--sampler", draw.sampler];
  const like = draw.like === undefined ? [] : ["--like", draw.like];
  const { attentionGuidance: scale } = draw;
  const guidance = scale === undefined ? [] : ["--attention-guidance", String(scale)];
  const told = await followspot([
    ...["sample", "--model", modelOf(row, draw), "--steps", String(draw.steps)],
    ...[...sampler, ...guidance, ...like],
    ...["--count", String(count), "--batch", String(BATCH), "--out", out, "--json"],
  ]);
  return JSON.parse(told) as SampleReport;
}

async function measure(row: Row, draw: Draw, { data, size }: Experiment): Promise<void> {
  const id = measureOf(row, draw);
  if (existsSync(measureFile(id))) return;
  const out = join(base, "samples", id);
  // Of pictures that lie there already, nobody could tell what they cost.
  await rm(out, { recursive: true, force: true });
  const drawn = await sample(row, draw, Number(values.count), out);
  const judged = await followspot([
    ...["evaluate", "distribution", out, "--against", data, "--split", "train"],
    ...["--count", values.count, "--size", String(size), "--json"],
  ]);
  await mkdir(join(base, "measures"), { recursive: true });
  await writeJson(measureFile(id), {
    sample: drawn,
    distribution: JSON.parse(judged) as DistributionReport,
  });
}

async function run({ rows, ...rest }: Experiment): Promise<void> {
  for (const row of rows.filter(({ name: each }) => only.length === 0 || only.includes(each))) {
    await train(row);
    for (const draw of row.draws) await measure(row, draw, { rows, ...rest });
  }
}

/** What is measured, in the order of the rows. */
function measured({ rows }: Experiment): { row: Row; draw: Draw; id: string }[] {
  const all = rows.flatMap((row) =>
    row.draws.map((draw) => ({ row, draw, id: measureOf(row, draw) })),
  );
  return all.filter(({ id }) => existsSync(measureFile(id)));
}

/** Seconds a picture by measure: the median of rounds in which all take turns. */
async function time(experiment: Experiment): Promise<void> {
  const out = join(base, "timing");
  const rounds = new Map<string, number[]>();
  for (let round = 0; round < TIMED.rounds; round++) {
    for (const { row, draw, id } of measured(experiment)) {
      await rm(out, { recursive: true, force: true });
      const { seconds, made } = await sample(row, draw, TIMED.pictures, out);
      rounds.set(id, [...(rounds.get(id) ?? []), seconds.drawing / made]);
    }
  }
  await rm(out, { recursive: true, force: true });
  const middle = (all: readonly number[]): number =>
    [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)]!;
  const medians = [...rounds].map(([id, all]) => [id, middle(all)] as const);
  await writeJson(TIMES, Object.fromEntries(medians));
}

/** The first pictures of each measure, unselected. */
async function sheets(experiment: Experiment): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  for (const { id } of measured(experiment)) {
    const folder = join(base, "samples", id);
    const names = (await readdir(folder)).filter((file) => file.endsWith(".png")).sort();
    const shown = names.slice(0, SHEET.count);
    const pictures = await Promise.all(shown.map((file) => pictureOf(sharp(join(folder, file)))));
    const sheet = await contactSheet(pictures, SHEET.columns);
    const small = await sharp(sheet).png({ palette: true, colours: 32 }).toBuffer();
    await writeFileAtomic(join(RESULTS, `${name}-${id}.png`), small);
  }
}

async function report(experiment: Experiment): Promise<void> {
  const times = existsSync(TIMES) ? ((await readJson(TIMES)) as Record<string, number>) : {};
  const found: Measure[] = [];
  for (const { row, id } of measured(experiment)) {
    const made = (await readJson(measureFile(id))) as Pick<Measure, "sample" | "distribution">;
    const { weights, ...distribution } = made.distribution;
    const seconds = times[id];
    found.push({
      ...{ row: row.name, title: row.title, sample: made.sample },
      // Where they lie is this machine's affair.
      distribution: { ...distribution, weights: { ...weights, path: basename(weights.path) } },
      ...(seconds === undefined ? {} : { seconds }),
    });
  }
  await mkdir(RESULTS, { recursive: true });
  await writeJson(join(RESULTS, `${name}.json`), found);
  await writeFileAtomic(join(RESULTS, `${name}.md`), sferdMarkdown(name, found));
  console.log(sferdMarkdown(name, found));
}

const verbs: Readonly<Record<string, (experiment: Experiment) => Promise<void>>> = {
  run,
  time,
  sheets,
  report,
};
const chosen = verbs[verb];
if (!chosen || !experiment) {
  console.error(
    `sferd: expected ${Object.keys(verbs).join(" or ")} and one of ${Object.keys(EXPERIMENTS).join(", ")}.`,
  );
  process.exitCode = 2;
} else await chosen(experiment);
