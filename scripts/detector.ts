// Trains the shipped detector, fixes its threshold and reports its quality.
//
// From the root of the repository, with the shipped autoencoder in place (each goes on where it stopped):
//   npx tsx scripts/detector.ts train    # one thread; checkpoints under runs/detector
//   npx tsx scripts/detector.ts report   # the threshold into models/detector, docs/results/detector

import { mkdir } from "node:fs/promises";
import { Generator } from "../src/core/generator.js";
import { nodeRuntime } from "../src/engine/runtime/node.js";
import { writeFileAtomic } from "../src/io/atomic.js";
import { writeJson } from "../src/io/json.js";
import {
  DETECTOR_WIDTHS,
  chooseThreshold,
  detectorNetwork,
  loadDetector,
  saveDetector,
  saveThreshold,
} from "../src/metrics/detector/index.js";
import { judgeRendered } from "../src/metrics/detector/rendered.js";
import { detectorMarkdown, detectorReport } from "../src/metrics/detector/report.js";
import { renderedScenes } from "../src/training/detector/batches.js";
import { decodedScenes } from "../src/training/detector/decoded.js";
import { PICTURE_SIDE } from "../src/training/detector/layout.js";
import { openRoundTrip } from "../src/training/detector/round-trip.js";
import type { RoundTrip } from "../src/training/detector/round-trip.js";
import { trainDetector } from "../src/training/detector/train.js";
import { loadDrawings } from "../src/training/scenes/index.js";

const RUN = "runs/detector/main";
const MODEL = "models/detector";
const AUTOENCODER = "models/stage/vae";
const RESULTS = "docs/results/detector";
const COMMAND = "npx tsx scripts/detector.ts report";

const TRAINING = { steps: 3000, batch: 16, peak: 2e-3, scenes: 20_000, decoded: 1000 };
/** Seeds of lists of scenes; no two share a scene. */
const SEEDS = { scenes: 100n, decoded: 300n, order: 5n, validation: 50_000n, test: 60_000n };
const VALIDATION_COUNT = 300; // scenes, each in three conditions
const TEST_COUNT = 500;
/** Share of validation pictures that may have a false find; the goal of 3 % is for other pictures. */
const FALSE_FINDS = 0.02;

const runtime = nodeRuntime();
const openTrip = (): Promise<RoundTrip> =>
  openRoundTrip(AUTOENCODER, runtime, { side: PICTURE_SIDE, batch: 4, threads: 1 });

async function train(): Promise<void> {
  await mkdir(RUN, { recursive: true });
  const drawings = await loadDrawings();
  const decoded = await decodedScenes(
    renderedScenes(drawings, SEEDS.decoded),
    TRAINING.decoded,
    RUN,
    openTrip,
  );
  const { batch, steps, peak, scenes } = TRAINING;
  const list = renderedScenes(drawings, SEEDS.scenes);
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  process.once("SIGTERM", () => stop.abort());
  const { weights, finished } = await trainDetector({
    runtime,
    network: (w, pictures) => detectorNetwork(w, pictures),
    source: { scenes: list, count: scenes, seed: SEEDS.order, batch, decoded },
    steps,
    peak,
    folder: RUN,
    digest: JSON.stringify(TRAINING),
    threads: 1,
    signal: stop.signal,
    onReport: (line) => console.error(JSON.stringify(line)),
  });
  if (!finished) return;
  await mkdir(MODEL, { recursive: true });
  await saveDetector(MODEL, { widths: DETECTOR_WIDTHS, threshold: 0.5 }, weights);
}

async function report(): Promise<void> {
  const drawings = await loadDrawings();
  const detector = await loadDetector(MODEL, runtime, { threads: 1 });
  const trip = await openTrip();
  const look = (seed: bigint, count: number) =>
    judgeRendered({ detector, trip, drawings, generator: new Generator(seed), count });
  const validation = await look(SEEDS.validation, VALIDATION_COUNT);
  const threshold = chooseThreshold(
    validation.flatMap(({ pictures }) => pictures),
    FALSE_FINDS,
  );
  await saveThreshold(MODEL, threshold);
  const test = await look(SEEDS.test, TEST_COUNT);
  const made = detectorReport({
    threshold,
    validation,
    test,
    training: TRAINING,
    command: COMMAND,
  });
  await mkdir(RESULTS, { recursive: true });
  await writeJson(`${RESULTS}/detector.json`, made);
  await writeFileAtomic(`${RESULTS}/README.md`, detectorMarkdown(made));
  console.log(detectorMarkdown(made));
}

const commands: Record<string, () => Promise<void>> = { train, report };
const command = commands[process.argv[2] ?? ""];
if (!command) {
  console.error(`detector: expected one of ${Object.keys(commands).join(", ")}.`);
  process.exitCode = 2;
} else await command();
