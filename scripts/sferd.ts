// The experiment of docs/results/sferd: trains its rows, draws and measures their pictures, and writes the table.
//
// From the root of the repository, with the data set under data/ and FOLLOWSPOT_INCEPTION set, for mnist, cifar10 or tiny-imagenet-20:
//   npx tsx scripts/sferd.ts run mnist [ROW ...] [--count 10000]   # prints each command; goes on where it stopped
//   npx tsx scripts/sferd.ts inception mnist [ROW ...] [--few 2000] # Inception's distances of what `run` drew
//   npx tsx scripts/sferd.ts painted mnist [ROW ...]               # the same with every background painted black
//   npx tsx scripts/sferd.ts contrast cifar10 [ROW ...]            # how much contrast they have, beside the training set
//   npx tsx scripts/sferd.ts time mnist [ROW ...]                  # seconds a picture, the rows in turn, on an idle machine; a row, or `pd-1`
//   npx tsx scripts/sferd.ts sheets mnist                          # the first 64 pictures of each, beside that table
//   npx tsx scripts/sferd.ts report mnist                          # docs/results/sferd/mnist.json and mnist.md
//   npx tsx scripts/sferd.ts restore mnist                         # the measures of that file, on a machine without runs/

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
import { readPixelModel } from "../src/pipelines/sample-model.js";
import { Budget } from "./sferd/budget.js";
import { followspot } from "./sferd/command.js";
import { meanContrast } from "./sferd/contrast.js";
import { measureDigits } from "./sferd/digits-measure.js";
import { drawFlags } from "./sferd/draws.js";
import { EXPERIMENTS } from "./sferd/experiments.js";
import type { Experiment } from "./sferd/experiments.js";
import type { Draw, Row } from "./sferd/row.js";
import { paintBlack } from "./sferd/painted.js";
import type { Painted } from "./sferd/painted.js";
import { sferdMarkdown } from "./sferd/report.js";
import type { Measure, Measured } from "./sferd/report.js";
import { inTurns } from "./sferd/turns.js";

const RESULTS = "docs/results/sferd";
const BATCH = 64;
const SHEET = { count: 64, columns: 16 };
/**
 * Rounds of a timing and evaluations of each: as many for one step as for sixteen, so that the first batches, which make
 * room and warm up for the rest, count for as little in both.
 */
const TIMED = { rounds: 3, evaluations: 128 * BATCH };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "10000" },
    few: { type: "string", default: "2000" },
    threads: { type: "string" },
  },
});
const threads = values.threads === undefined ? [] : ["--threads", values.threads];
const [verb = "", name = "", ...only] = positionals;
const experiment = EXPERIMENTS[name];
const base = join("runs", "sferd", name);
const TIMES = join(base, "times.json");

const runFolder = (row: string): string => join(base, row);
const samplesFolder = (measure: string): string => join(base, "samples", measure);
const named = (text: string): string =>
  text
    .replace(/\{samples\/([\w-]+)\}/g, (_, measure: string) => samplesFolder(measure))
    .replace(/\{([\w-]+)\}/g, (_, row: string) => runFolder(row));

async function train({ name: row, train: run }: Row): Promise<void> {
  if (!run || existsSync(join(runFolder(row), "model"))) return;
  if (existsSync(join(runFolder(row), "run.json"))) {
    await followspot(["train", "--resume", runFolder(row), ...threads]);
    return;
  }
  const changes = Object.entries(run.set).flatMap(([path, value]) => [
    "--set",
    `${path}=${named(value)}`,
  ]);
  await followspot(["train", run.preset, "-o", runFolder(row), ...threads, ...changes]);
}

const modelOf = (row: Row, { model }: Draw): string =>
  model.startsWith("{") ? named(model) : join(runFolder(row.name), model);
const measureOf = (row: Row, { steps }: Draw): string => `${row.name}-${steps}`;
const measureFile = (measure: string): string => join(base, "measures", `${measure}.json`);

/** Pictures of a row in a folder. */
async function sample(row: Row, draw: Draw, count: number, out: string): Promise<SampleReport> {
  const told = await followspot([
    ...["sample", "--model", modelOf(row, draw), "--steps", String(draw.steps)],
    ...drawFlags(draw),
    ...["--count", String(count), "--batch", String(BATCH), "--out", out, "--json"],
    ...threads,
  ]);
  return JSON.parse(told) as SampleReport;
}

/** Draws a row's pictures and, where they are of digits, has their judge look at them. */
async function measure(row: Row, draw: Draw, { data, digits }: Experiment): Promise<void> {
  const id = measureOf(row, draw);
  const out = samplesFolder(id);
  const known = existsSync(measureFile(id));
  if (known && existsSync(out)) return;
  const count = Math.min(Number(values.count), draw.count ?? Infinity);
  // Of pictures that lie there already, nobody could tell what they cost.
  await rm(out, { recursive: true, force: true });
  const drawn = await sample(row, draw, count, out);
  // Measures that were restored want their pictures again, which other rows learn from.
  if (known) return;
  const judge = { count, folder: join(base, "judge"), ...threadCount() };
  const judged = digits ? { digits: await measureDigits(out, data, judge) } : {};
  await mkdir(join(base, "measures"), { recursive: true });
  const spent = await spentOn(row, draw);
  await writeJson(measureFile(id), { sample: drawn, ...judged, spent });
}

/** What a model's folder says that it took, with the pictures that were drawn for it. */
async function spentOn(row: Row, draw: Draw): Promise<number> {
  const { student, semantic } = (await readPixelModel(modelOf(row, draw))).facts;
  const own = student ? student.before + student.evaluations : 0;
  const [, source] = /^\{samples\/([\w-]+)\}$/.exec(row.train?.set["data.path"] ?? "") ?? [];
  if (source === undefined) return own + (semantic?.evaluations ?? 0);
  const { sample } = (await readJson(measureFile(source))) as Measured;
  return own + (semantic?.evaluations ?? 0) + sample.evaluations.total.network;
}

const threadCount = (): { threads?: number } =>
  values.threads === undefined ? {} : { threads: Number(values.threads) };

/** All rows, or those that were named: whole, or by what is drawn of them in so many steps, as `pd-1`. */
const chosenRows = ({ rows }: Experiment): Row[] =>
  rows.flatMap((row) => {
    if (only.length === 0 || only.includes(row.name)) return [row];
    const draws = row.draws.filter((draw) => only.includes(measureOf(row, draw)));
    return draws.length === 0 ? [] : [{ ...row, draws }];
  });

async function run(experiment: Experiment): Promise<void> {
  for (const row of chosenRows(experiment)) {
    await train(row);
    for (const draw of row.draws) await measure(row, draw, experiment);
  }
}

/** Inception's distance of the pictures of a folder. */
async function distanceOf(folder: string, { data, size }: Experiment): Promise<DistributionReport> {
  const judged = await followspot([
    ...["evaluate", "distribution", folder, "--against", data, "--split", "train"],
    ...["--count", values.few, "--size", String(size), "--json", ...threads],
  ]);
  return JSON.parse(judged) as DistributionReport;
}

/** Has Inception look at some of the pictures that were drawn: it is far dearer than the judge of digits. */
async function inception(experiment: Experiment): Promise<void> {
  for (const { id } of measured({ ...experiment, rows: chosenRows(experiment) })) {
    const made = (await readJson(measureFile(id))) as Measured;
    if (made.distribution !== undefined) continue;
    const distribution = await distanceOf(samplesFolder(id), experiment);
    await writeJson(measureFile(id), { ...made, distribution });
  }
}

/** Has Inception look at digits whose background is painted black. */
async function painted(experiment: Experiment): Promise<void> {
  if (!experiment.digits) throw new Error(`sferd: expected pictures of digits, got ${name}.`);
  const folder = join(base, "painted");
  for (const { id } of measured({ ...experiment, rows: chosenRows(experiment) })) {
    const made = (await readJson(measureFile(id))) as Measured;
    if (made.painted !== undefined) continue;
    await rm(folder, { recursive: true, force: true });
    const background = await paintBlack(samplesFolder(id), folder, Number(values.few));
    const { pictures, frechet } = await distanceOf(folder, experiment);
    const painted: Painted = { ...background, count: pictures.count, frechet };
    await writeJson(measureFile(id), { ...made, painted });
  }
  await rm(folder, { recursive: true, force: true });
}

/** Measures how much contrast drawn pictures have. */
async function contrast(experiment: Experiment): Promise<void> {
  const options = { size: experiment.size, count: Number(values.few) };
  const data = await meanContrast(experiment.data, options);
  for (const { id } of measured({ rows: chosenRows(experiment) })) {
    const made = (await readJson(measureFile(id))) as Measured;
    if (made.contrast !== undefined) continue;
    const pictures = await meanContrast(samplesFolder(id), options);
    const { count } = options;
    await writeJson(measureFile(id), { ...made, contrast: { count, pictures, data } });
  }
}

/** What is measured, in the order of the rows. */
function measured({ rows }: Pick<Experiment, "rows">): { row: Row; draw: Draw; id: string }[] {
  const all = rows.flatMap((row) =>
    row.draws.map((draw) => ({ row, draw, id: measureOf(row, draw) })),
  );
  return all.filter(({ id }) => existsSync(measureFile(id)));
}

/** Seconds a picture by measure, from noise to file; those of measures that were not asked for stay. */
async function time(experiment: Experiment): Promise<void> {
  const out = join(base, "timing");
  const all = measured({ rows: chosenRows(experiment) });
  const medians = await inTurns(all, TIMED.rounds, async ({ row, draw }) => {
    await rm(out, { recursive: true, force: true });
    const { seconds, made } = await sample(row, draw, TIMED.evaluations / draw.steps, out);
    return (seconds.total - seconds.preparing) / made;
  });
  await rm(out, { recursive: true, force: true });
  const newly = Object.fromEntries(medians.map(([{ id }, seconds]) => [id, seconds]));
  await writeJson(TIMES, { ...(await timesBefore()), ...newly });
}

/** Seconds a picture by measure, of all that were timed. */
const timesBefore = async (): Promise<Record<string, number>> =>
  existsSync(TIMES) ? ((await readJson(TIMES)) as Record<string, number>) : {};

/** The first pictures of each measure, unselected. */
async function sheets(experiment: Experiment): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  for (const { id } of measured({ rows: chosenRows(experiment) })) {
    const folder = join(base, "samples", id);
    const files = await readdir(folder, { recursive: true });
    const names = files.filter((file) => file.endsWith(".png"));
    // By number, wherever a folder for each class holds them.
    const byNumber = names.sort((a, b) => basename(a).localeCompare(basename(b)));
    const shown = byNumber.slice(0, SHEET.count);
    const pictures = await Promise.all(shown.map((file) => pictureOf(sharp(join(folder, file)))));
    const sheet = await contactSheet(pictures, SHEET.columns);
    const small = await sharp(sheet).png({ palette: true, colours: 32 }).toBuffer();
    await writeFileAtomic(join(RESULTS, `${name}-${id}.png`), small);
  }
}

/** Where the weights lie is this machine's affair. */
function withoutPlace({ weights, ...report }: DistributionReport): DistributionReport {
  return { ...report, weights: { ...weights, path: basename(weights.path) } };
}

async function report(experiment: Experiment): Promise<void> {
  const times = await timesBefore();
  const budget = new Budget(experiment.rows);
  const found: Measure[] = [];
  for (const { row, draw, id } of measured(experiment)) {
    const made = (await readJson(measureFile(id))) as Measured;
    const seconds = times[id];
    const planned = budget.planned(row, draw);
    found.push({
      ...{ row: row.name, title: row.title, planned, ...made },
      ...(made.distribution && { distribution: withoutPlace(made.distribution) }),
      ...(seconds === undefined ? {} : { seconds }),
    });
  }
  await mkdir(RESULTS, { recursive: true });
  await writeJson(join(RESULTS, `${name}.json`), found);
  await writeFileAtomic(join(RESULTS, `${name}.md`), sferdMarkdown(name, found));
  console.log(sferdMarkdown(name, found));
}

/** Puts published measures where `run` keeps them, so that another machine goes on from them; those there already stay. */
async function restore(): Promise<void> {
  const known = (await readJson(join(RESULTS, `${name}.json`))) as Measure[];
  await mkdir(join(base, "measures"), { recursive: true });
  const times: Record<string, number> = {};
  for (const { row, seconds, ...rest } of known) {
    const { title: _title, planned: _planned, ...made } = rest;
    const id = `${row}-${made.sample.steps}`;
    if (seconds !== undefined) times[id] = seconds;
    if (!existsSync(measureFile(id))) await writeJson(measureFile(id), made);
  }
  if (!existsSync(TIMES)) await writeJson(TIMES, times);
}

const verbs: Readonly<Record<string, (experiment: Experiment) => Promise<void>>> = {
  run,
  inception,
  painted,
  contrast,
  time,
  sheets,
  report,
  restore,
};
const chosen = verbs[verb];
if (!chosen || !experiment) {
  console.error(
    `sferd: expected ${Object.keys(verbs).join(" or ")} and one of ${Object.keys(EXPERIMENTS).join(", ")}.`,
  );
  process.exitCode = 2;
} else await chosen(experiment);
