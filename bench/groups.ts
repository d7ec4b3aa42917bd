// The groups of works that are alternated with one another, and what is made of their times.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Runtime } from "../src/engine/runtime/session.js";
import { directedWorks } from "./directed.js";
import { distillationRequest, distillationWork } from "./distillation.js";
import { writeWeightFile } from "./fill.js";
import { readStage, REFERENCE, SD15, sizesOf, specsOf, withoutText } from "./nets.js";
import type { BenchOptions } from "./options.js";
import { openPeers, unetRequest, variantsOf } from "./peers/torch-peer.js";
import type { PeerRequest } from "./peers/torch-peer.js";
import { alternate, median } from "./rounds.js";
import { forwardWork, trainingWork, yardstick } from "./work.js";
import type { Work } from "./work.js";

/** What a work's times come to. */
export interface Measured {
  readonly name: string;
  readonly milliseconds: number;
  /** Fastest and slowest round. */
  readonly range: readonly [number, number];
  readonly parameters?: number;
  /** Model GFLOP of one run. */
  readonly gflop?: number;
  readonly gflopPerSecond?: number;
  /** Its rate over the yardstick's, measured in the same rounds. */
  readonly ratio?: number;
  /** Times of the first work of its group that one of its runs takes, where only times are compared. */
  readonly ofFirst?: number;
  /** How many times as long the peer takes as ours. */
  readonly peerOf?: string;
  readonly slower?: number;
  readonly openSeconds?: number;
}

export interface GroupResult {
  readonly name: string;
  readonly batch: number;
  readonly works: readonly Measured[];
  /** What was left out, and why. */
  readonly notices: readonly string[];
}

/** Alternates works with the yardstick, releases them, and compares. */
export async function measure(
  runtime: Runtime,
  works: readonly Work[],
  { threads, rounds }: BenchOptions,
): Promise<Measured[]> {
  const rate = await yardstick(runtime, threads);
  const timings = await alternate([rate, ...works], rounds);
  for (const work of [rate, ...works]) await work.release();
  const medians = new Map(timings.map(({ work, times }) => [work.name, median(times)]));
  const reference = rate.flops! / medians.get(rate.name)!;
  const first = medians.get(works[0]!.name)!;
  return timings.map(({ work, times }): Measured => {
    const milliseconds = median(times);
    const { name, parameters, openSeconds, flops, peerOf } = work;
    const range = [Math.min(...times), Math.max(...times)] as const;
    const compared =
      flops === undefined
        ? { ofFirst: milliseconds / first }
        : {
            gflop: flops / 1e9,
            gflopPerSecond: flops / 1e6 / milliseconds,
            ratio: flops / milliseconds / reference,
          };
    return {
      name,
      milliseconds,
      range,
      ...compared,
      ...(parameters === undefined ? {} : { parameters }),
      ...(openSeconds === undefined ? {} : { openSeconds }),
      ...(peerOf === undefined ? {} : { peerOf, slower: milliseconds / medians.get(peerOf)! }),
    };
  });
}

/** PyTorch's variants of works of ours; a variant that fails is told and left out. */
async function peersOf(
  what: PeerRequest,
  ours: { readonly forward?: Work; readonly train: Work },
  { python, eager }: BenchOptions,
): Promise<{ works: Work[]; notices: string[] }> {
  const works: Work[] = [];
  const notices: string[] = [];
  if (!python) return { works, notices: ["peers: left out, since FOLLOWSPOT_PYTHON is not set"] };
  for (const variant of variantsOf({ eager })) {
    try {
      works.push(...(await openPeers(python, what, variant, ours)));
    } catch (error) {
      notices.push(`left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { works, notices };
}

export async function referenceGroup(
  runtime: Runtime,
  options: BenchOptions,
): Promise<GroupResult> {
  const { threads, quick } = options;
  const batch = quick ? 2 : 16;
  const forward = await forwardWork(runtime, REFERENCE, {
    name: "reference forward",
    batch,
    threads,
  });
  const training = await trainingWork(runtime, REFERENCE, {
    name: "reference training step",
    batch,
    threads,
  });
  const request = unetRequest(REFERENCE, batch, threads);
  const peers = await peersOf(request, { forward, train: training }, options);
  const works = await measure(runtime, [forward, training, ...peers.works], options);
  return { name: "reference", batch, works, notices: peers.notices };
}

export async function stageGroup(runtime: Runtime, options: BenchOptions): Promise<GroupResult> {
  const { threads, quick } = options;
  const { net, batch: trained } = readStage();
  const batch = quick ? 2 : trained;
  const alone = withoutText(net);
  const shared = { batch, threads };
  const forward = await forwardWork(runtime, alone, { name: "stage forward", ...shared });
  const training = await trainingWork(runtime, alone, { name: "stage training step", ...shared });
  const whole = [
    await forwardWork(runtime, net, { name: "stage forward with text", ...shared }),
    await trainingWork(runtime, net, { name: "stage training step with text", ...shared }),
  ];
  const request = unetRequest(alone, batch, threads);
  const peers = await peersOf(request, { forward, train: training }, options);
  const works = await measure(runtime, [forward, training, ...whole, ...peers.works], options);
  return { name: "stage", batch, works, notices: peers.notices };
}

export async function directedGroup(runtime: Runtime, options: BenchOptions): Promise<GroupResult> {
  const works = directedWorks(runtime, withoutText(readStage().net), options.threads);
  return {
    name: "directed",
    batch: 1,
    works: await measure(runtime, works, options),
    notices: [],
  };
}

export async function distillationGroup(
  runtime: Runtime,
  options: BenchOptions,
): Promise<GroupResult> {
  const { threads, quick } = options;
  const batch = quick ? 2 : 64;
  const shared = { batch, threads };
  const plain = { name: "progressive step", guided: false, ...shared };
  const guided = { name: "progressive step, guided", guided: true, ...shared };
  const works = [await distillationWork(runtime, plain), await distillationWork(runtime, guided)];
  const peers = [
    await peersOf(distillationRequest(plain), { train: works[0]! }, options),
    await peersOf(distillationRequest(guided), { train: works[1]! }, options),
  ];
  const all = [...works, ...peers.flatMap((peer) => peer.works)];
  const measured = await measure(runtime, all, options);
  const notices = peers.flatMap((peer) => peer.notices);
  return { name: "distillation", batch, works: measured, notices };
}

const SD15_GIB = 12;
const SD15_BATCH = 2;

export async function sd15Group(runtime: Runtime, options: BenchOptions): Promise<GroupResult> {
  const group = { name: "sd15", batch: SD15_BATCH };
  const free = process.availableMemory() / 2 ** 30;
  if (free < SD15_GIB) {
    const notice = `sd15: left out: it needs ${SD15_GIB} GiB of free memory, ${free.toFixed(1)} are`;
    return { ...group, works: [], notices: [notice] };
  }
  if (options.quick && !options.sd15) {
    return { ...group, works: [], notices: ["sd15: left out of a quick run; ask with --sd15"] };
  }
  const folder = await mkdtemp(join(tmpdir(), "followspot-bench-"));
  try {
    const weightFile = join(folder, "weights.bin");
    writeWeightFile(weightFile, specsOf(SD15));
    const { threads } = options;
    const work = await forwardWork(runtime, SD15, {
      name: "sd15 forward",
      batch: SD15_BATCH,
      threads,
      weightFile,
    });
    return { ...group, works: await measure(runtime, [work], options), notices: [] };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const SD15_GFLOP = 803;
const TOLERANCE = 0.01;

/** Model GFLOP of one SD-1.5 latent at 64x64. Throws when they are not those that are known. */
export function checkedSd15Gflop(): number {
  const gflop = sizesOf(SD15).flops / 1e9;
  if (Math.abs(gflop / SD15_GFLOP - 1) <= TOLERANCE) return gflop;
  throw new Error(`model FLOPs: expected ${SD15_GFLOP} GFLOP ± 1 %, got ${gflop.toFixed(1)}`);
}
