// npm run bench: how fast the engine is, as ratios to the rate of chained matrix products measured in the same rounds.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, totalmem } from "node:os";
import { nodeRuntime } from "../src/engine/runtime/node.js";
import type { Runtime } from "../src/engine/runtime/session.js";
import {
  checkedSd15Gflop,
  directedGroup,
  distillationGroup,
  referenceGroup,
  sd15Group,
  stageGroup,
} from "./groups.js";
import type { GroupResult } from "./groups.js";
import { trainingMemory } from "./memory.js";
import { readStage, REFERENCE, withoutText } from "./nets.js";
import type { Net } from "./nets.js";
import { parseOptions, USAGE } from "./options.js";
import type { BenchOptions, GroupName } from "./options.js";
import { TorchPeer, unetRequest, variantsOf } from "./peers/torch-peer.js";
import { profiled } from "./profile.js";
import type { Share } from "./profile.js";
import { groupLines, headLines, profileLines } from "./report.js";
import type { Machine, Report } from "./report.js";
import { trainingWork } from "./work.js";

const MIB = 2 ** 20;

function machine(): Machine {
  const manifest = createRequire(import.meta.url).resolve("onnxruntime-node/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return {
    processor: cpus()[0]?.model ?? "unknown processor",
    cores: cpus().length,
    memoryGiB: totalmem() / 2 ** 30,
    node: process.versions.node,
    onnxruntime: version,
  };
}

type TimedGroup = Exclude<GroupName, "profile" | "memory">;

const TIMED: Record<TimedGroup, (runtime: Runtime, options: BenchOptions) => Promise<GroupResult>> =
  {
    reference: referenceGroup,
    stage: stageGroup,
    distillation: distillationGroup,
    directed: directedGroup,
    sd15: sd15Group,
  };

async function profileOf(runtime: Runtime, net: Net, batch: number, threads: number) {
  return profiled(async (profile) => {
    const work = await trainingWork(runtime, net, { name: "profile", batch, threads, profile });
    for (let i = 0; i < 3; i++) await work.run();
    await work.release();
  });
}

async function profiles(runtime: Runtime, { quick, threads }: BenchOptions) {
  const stage = readStage();
  const shares: Record<string, Share[]> = {
    "reference training step": await profileOf(runtime, REFERENCE, quick ? 2 : 16, threads),
    "stage training step": await profileOf(
      runtime,
      withoutText(stage.net),
      quick ? 2 : stage.batch,
      threads,
    ),
  };
  return shares;
}

/** Peaks of processes that only train; a peer that fails has no entry. */
async function memory({
  quick,
  threads,
  python,
  eager,
}: BenchOptions): Promise<Record<string, number>> {
  const batch = quick ? 2 : 16;
  const peaks = { ours: (await trainingMemory("reference", batch, threads)) / MIB };
  if (!python) return peaks;
  const others: Record<string, number> = {};
  for (const variant of variantsOf({ eager })) {
    try {
      const peer = await TorchPeer.open(python, unetRequest(REFERENCE, batch, threads), variant);
      const work = peer.work("train", "ours", 1);
      for (let i = 0; i < 3; i++) await work.run();
      others[variant.name] = (await peer.memory()) / MIB;
      await work.release();
    } catch (error) {
      console.error(`${variant.name}: left out: ${String(error)}`);
    }
  }
  return { ...peaks, ...others };
}

async function bench(options: BenchOptions): Promise<Report> {
  const runtime = nodeRuntime();
  const { threads, rounds, quick, only, json } = options;
  const say = (lines: readonly string[]): void => void (json || console.log(lines.join("\n")));
  const head = { date: new Date().toISOString(), machine: machine(), threads, rounds, quick };
  const empty = { groups: [], profiles: {}, trainingMemoryMiB: {} };
  const report: Report = { ...head, sd15Gflop: checkedSd15Gflop(), ...empty };
  say(headLines(report));
  const groups: GroupResult[] = [];
  for (const name of Object.keys(TIMED) as TimedGroup[]) {
    if (!only.has(name)) continue;
    const group = await TIMED[name](runtime, options);
    groups.push(group);
    say(groupLines(group));
  }
  const shares = only.has("profile") ? await profiles(runtime, options) : {};
  for (const [name, each] of Object.entries(shares)) say(profileLines(name, each));
  const trainingMemoryMiB = only.has("memory") ? await memory(options) : {};
  for (const [name, peak] of Object.entries(trainingMemoryMiB)) {
    say([`peak memory of reference training, ${name}: ${peak.toFixed(0)} MiB`]);
  }
  return { ...report, groups, profiles: shares, trainingMemoryMiB };
}

function optionsOrExit(): BenchOptions {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

const options = optionsOrExit();
const report = await bench(options);
if (options.json) console.log(JSON.stringify(report, null, 2));
