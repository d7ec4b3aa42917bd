// Progress on stderr: one bar with time left on a terminal, plain lines elsewhere, nothing when quiet.
import { clearLine, cursorTo } from "node:readline";
import { SingleBar } from "cli-progress";
import type { Reporter } from "../pipelines/draw-request.js";
import { oneLine } from "./one-line.js";

export type { Reporter } from "../pipelines/draw-request.js";

/** The stream that progress goes to: stderr, or a test's. */
export type ProgressStream = NodeJS.WritableStream & { isTTY?: boolean };

export interface ReporterOptions {
  quiet?: boolean;
  /** NO_COLOR and TERM are looked at. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Milliseconds, for plain lines. */
  now?: () => number;
}

/** The reporter that suits the stream. */
export function createReporter(stream: ProgressStream, options: ReporterOptions = {}): Reporter {
  if (options.quiet) return quietReporter;
  const { env = {}, now = Date.now } = options;
  // A dumb terminal can neither return to the line's start nor hide the cursor.
  const isTerminal = stream.isTTY === true && env["TERM"] !== "dumb";
  return isTerminal ? new BarReporter(stream, !env["NO_COLOR"]) : new LineReporter(stream, now);
}

const nothing = () => undefined;
const quietReporter: Reporter = { start: nothing, step: nothing, note: nothing, finish: nothing };

const GREEN = "\x1b[32m";
const RESET = "\x1b[0m";

class BarReporter implements Reporter {
  private bar: SingleBar | undefined;
  private startedAt = 0;

  constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly colour: boolean,
  ) {}

  start(total: number, label: string): void {
    this.finish();
    const bar = this.colour ? `${GREEN}{bar}${RESET}` : "{bar}";
    this.bar = new SingleBar({
      format: `{label} ${bar} {value}/{total} {left} {note}`,
      formatTime: (seconds) => formatSeconds(seconds),
      formatValue: (value) => String(value),
      stream: this.stream,
      barsize: 30,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      // A note on the same stream wipes the bar: every frame draws it anew.
      forceRedraw: true,
      fps: 5,
      // Interrupts are the command's own business, which finishes the bar.
      gracefulExit: false,
    });
    this.startedAt = Date.now();
    this.bar.start(total, 0, { label: oneLine(label), note: "", left: "" });
  }

  step(done: number, note = ""): void {
    if (!this.bar) return;
    const left = timeLeft(Date.now() - this.startedAt, done, this.bar.getTotal());
    this.bar.update(done, { note: oneLine(note), left });
  }

  note(line: string): void {
    if (this.bar) {
      clearLine(this.stream, 0);
      cursorTo(this.stream, 0);
    }
    this.stream.write(`${oneLine(line)}\n`);
  }

  finish(): void {
    this.bar?.stop();
    this.bar = undefined;
  }
}

/** Least progress and least time between two lines, unless it is the last. */
const LINE_SHARE = 0.1;
const LINE_MS = 10_000;

class LineReporter implements Reporter {
  private label = "";
  private total = 0;
  private startedAt = 0;
  private shownAt = 0;
  private shown = 0;

  constructor(
    private readonly stream: NodeJS.WritableStream,
    private readonly now: () => number,
  ) {}

  start(total: number, label: string): void {
    this.label = label;
    this.total = total;
    this.startedAt = this.shownAt = this.now();
    this.shown = 0;
    this.note(`${label}: ${total} steps`);
  }

  step(done: number, note = ""): void {
    const time = this.now();
    const due = done - this.shown >= this.total * LINE_SHARE || time - this.shownAt >= LINE_MS;
    if (done < this.total && !due) return;
    this.shown = done;
    this.shownAt = time;
    const parts = [
      `${done}/${this.total}`,
      timeLeft(time - this.startedAt, done, this.total),
      note,
    ];
    this.note(`${this.label}: ${parts.filter((part) => part !== "").join(", ")}`);
  }

  note(line: string): void {
    this.stream.write(`${oneLine(line)}\n`);
  }

  finish(): void {
    this.total = 0;
  }
}

/** "12 s left", once there is something to judge by. */
function timeLeft(elapsedMs: number, done: number, total: number): string {
  if (done <= 0 || done >= total) return "";
  return `${formatSeconds(((elapsedMs / done) * (total - done)) / 1000)} left`;
}

/** "45 s", "3 min 5 s" or "2 h 10 min". */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
