// Resident memory while pictures of Stable Diffusion 1.5's size are begun: a process of its own for each sequence.
// npx tsx bench/drawing-memory.ts [--model FOLDER] [SEQUENCE...], where a sequence is methods joined by commas.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { loadPipeline } from "../src/index.js";
import { writeSd15Folder } from "./sd15-folder.js";

/** A process after one step of a picture. */
interface Reading {
  readonly method: string;
  readonly residentGiB: number;
  readonly peakGiB: number;
}

/** The first reading of each is that of its method alone. */
const SEQUENCES = ["none,direct,none", "direct"];
const PROMPT = "a red cube above a blue sphere";
const BOX = { words: "red cube", box: [0.1, 0.1, 0.6, 0.6] } as const;
const TIDY_MS = 500; // until what a run leaves behind has been given back

/** Linux only: what the kernel says of this process, GiB. */
function statusGiB(key: "VmRSS" | "VmHWM"): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return Number(new RegExp(`${key}:\\s+(\\d+)`).exec(status)?.[1]) / 2 ** 20;
}

const round = (gib: number): number => Math.round(100 * gib) / 100;

/** Begins a picture by each method, guided, and says what is held after its first step. */
async function draw(model: string, methods: readonly string[]): Promise<Reading[]> {
  const pipe = await loadPipeline(model, { threads: 2 });
  const readings: Reading[] = [];
  for (const name of methods) {
    const boxes = name === "none" ? [] : [BOX];
    const method = { name: name as "none" | "direct" };
    const steps = pipe.draw({ prompt: PROMPT, boxes, method, steps: 2, previews: false });
    // One step only: the autoencoder, which is the same for all, is left out.
    await steps.next();
    await steps.return();
    await new Promise((resolve) => setTimeout(resolve, TIDY_MS));
    const [residentGiB, peakGiB] = [round(statusGiB("VmRSS")), round(statusGiB("VmHWM"))];
    readings.push({ method: name, residentGiB, peakGiB });
  }
  await pipe.close();
  return readings;
}

async function inProcess(model: string, sequence: string): Promise<Reading[]> {
  const program = [...process.execArgv, fileURLToPath(import.meta.url)];
  const args = [...program, "--model", model, "--here", sequence];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Reading[];
}

const { values, positionals } = parseArgs({
  options: { model: { type: "string" }, here: { type: "boolean", default: false } },
  allowPositionals: true,
});
const made = values.model ? undefined : await mkdtemp(join(tmpdir(), "followspot-sd15-"));
try {
  const model = values.model ?? made!;
  if (made) await writeSd15Folder(made);
  if (values.here) {
    console.log(JSON.stringify(await draw(model, positionals[0]!.split(","))));
  } else {
    const sequences: Record<string, Reading[]> = {};
    for (const sequence of positionals.length > 0 ? positionals : SEQUENCES) {
      sequences[sequence] = await inProcess(model, sequence);
    }
    console.log(JSON.stringify({ date: new Date().toISOString(), sequences }, null, 2));
  }
} finally {
  if (made) await rm(made, { recursive: true, force: true });
}
