// The numbers of a run as it goes: means of what the steps report, a line each in stats.jsonl.

import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../io/atomic.js";
import { fileError } from "../io/file-error.js";
import type { StepReport } from "./trainer.js";

/** Means since the last report. */
export interface LoopReport extends StepReport {
  readonly step: number;
  /** Since the loop began in this process. */
  readonly seconds: number;
  readonly picturesPerSecond: number;
}

const pathOf = (folder: string): string => join(folder, "stats.jsonl");

/** Adds a line to a run's statistics. Throws FollowspotError when the system refuses. */
export async function writeStatistics(folder: string, report: LoopReport): Promise<void> {
  const path = pathOf(folder);
  try {
    await appendFile(path, `${JSON.stringify(report)}\n`);
  } catch (error) {
    throw fileError("write", path, error);
  }
}

/** Drops the lines of steps after `completed`, which a resumed run takes again, and a torn last line. */
export async function trimStatistics(folder: string, completed: number): Promise<void> {
  const text = await readFile(pathOf(folder), "utf8").catch(() => "");
  const kept = text.split("\n").filter((line) => stepOf(line) <= completed);
  const trimmed = kept.map((line) => `${line}\n`).join("");
  if (trimmed !== text) await writeFileAtomic(pathOf(folder), trimmed);
}

function stepOf(line: string): number {
  try {
    return Number((JSON.parse(line) as LoopReport).step);
  } catch {
    return Infinity;
  }
}

/** Running means of what the steps report. */
export class Statistics {
  private readonly began = performance.now();
  private since = performance.now();
  private sums = new Map<string, number>();
  private count = 0;

  /** @param batchSize - pictures a step */
  constructor(private readonly batchSize: number) {}

  add(report: StepReport): void {
    for (const [name, value] of Object.entries(report)) {
      this.sums.set(name, (this.sums.get(name) ?? 0) + value);
    }
    this.count++;
  }

  /** The means since the last call, and a fresh start. */
  take(step: number): LoopReport {
    const now = performance.now();
    const means = [...this.sums].map(([name, total]) => [name, total / this.count] as const);
    const picturesPerSecond = (this.count * this.batchSize * 1000) / (now - this.since);
    this.sums = new Map();
    this.count = 0;
    this.since = now;
    const seconds = (now - this.began) / 1000;
    return { step, seconds, picturesPerSecond, ...Object.fromEntries(means) };
  }
}
