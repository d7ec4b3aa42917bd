// What a training run tells: one progress line, remarks for a person, and all of it in the run's log.txt.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { fileError } from "../io/file-error.js";
import type { TrainOptions } from "../training/fit.js";
import type { LoopReport } from "../training/loop.js";
import type { StepReport } from "../training/trainer.js";
import type { Reporter } from "./draw-request.js";

/** Steps over which the pace is measured. */
const WINDOW = 20;

type Hooks = Required<
  Pick<
    TrainOptions,
    "onWarning" | "onStage" | "onProgress" | "onStart" | "onStep" | "onReport" | "onSheet"
  >
>;

/** Pictures a second over the latest steps. */
class Pace {
  private times: number[] = [];

  constructor(private readonly batch: number) {}

  /** Counts a step, and gives the pace; undefined at the first. */
  tick(now = performance.now()): number | undefined {
    this.times = [...this.times, now].slice(-WINDOW - 1);
    const [first, steps] = [this.times[0]!, this.times.length - 1];
    return steps === 0 ? undefined : (steps * this.batch * 1000) / (now - first);
  }
}

/** The telling side of one run. */
export class TrainProgress implements Hooks {
  private readonly pace: Pace;
  private stage = "";
  private shown = "";
  private begun = 0;
  private logFails = false;

  constructor(
    private readonly folder: string,
    private readonly reporter: Reporter,
    private readonly run: { readonly steps: number; readonly batch: number },
  ) {
    this.pace = new Pace(run.batch);
  }

  /** A line for the person and for the log. */
  tell(line: string): void {
    this.log(line);
    this.reporter.note(line);
  }

  /** A line for the log alone. Its first failure is told: a run can do without. */
  log(line: string): void {
    const path = join(this.folder, "log.txt");
    try {
      appendFileSync(path, `${new Date().toISOString()} ${line}\n`);
    } catch (error) {
      if (this.logFails) return;
      this.logFails = true;
      const { message } = fileError("write", path, error) as Error;
      this.reporter.note(`warning: log: ${message} Training goes on; this is told once.`);
    }
  }

  readonly onWarning = (warning: string): void => this.tell(warning);

  readonly onStage = (label: string): void => {
    this.stage = label;
    this.tell(label);
  };

  readonly onProgress = (done: number, total: number): void => {
    if (this.shown !== this.stage) this.reporter.start(total, this.stage);
    this.shown = this.stage;
    this.reporter.step(done);
  };

  readonly onStart = (completed: number): void => {
    this.begun = completed;
    const label = completed > 0 ? `training on from step ${completed}` : "training";
    // Time left is told by what this process has done, not by what those before it did.
    this.reporter.start(this.run.steps - completed, label);
  };

  readonly onStep = (k: number, { loss }: StepReport): void => {
    const pace = this.pace.tick();
    const speed = pace === undefined ? "" : `, ${pace.toFixed(1)} pictures/s`;
    this.reporter.step(k - this.begun, `loss ${loss!.toFixed(4)}${speed}`);
  };

  readonly onReport = ({ step, seconds, picturesPerSecond, ...means }: LoopReport): void => {
    const numbers = Object.entries(means).map(([name, value]) => `${name} ${value.toPrecision(5)}`);
    const speed = `${picturesPerSecond.toFixed(1)} pictures/s, ${seconds.toFixed(0)} s`;
    this.log(`step ${step}: ${numbers.join(", ")}, ${speed}`);
  };

  readonly onSheet = (_path: string, remark: string): void => this.tell(remark);
}
