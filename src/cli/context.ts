// What a verb is given: where to write, what to call, and when to stop.
import type { Reporter } from "../pipelines/draw-request.js";
import type { ProgressStream } from "./progress.js";
import { createReporter } from "./progress.js";
import type { Services } from "./services.js";

export interface Context {
  /** Results only. */
  readonly stdout: ProgressStream;
  /** Progress, remarks and errors. */
  readonly stderr: ProgressStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly services: Services;
  /** Aborted by the first Ctrl+C. */
  readonly signal: AbortSignal;
  readonly randomSeed: () => bigint;
}

/** Flags that every verb has. */
export interface OutputFlags {
  json?: boolean;
  quiet?: boolean;
}

/** The reporter of one run, which also tells that an interrupt was heard. */
export function reporterFor({ stderr, env, signal }: Context, flags: OutputFlags): Reporter {
  const reporter = createReporter(stderr, { quiet: flags.quiet ?? false, env });
  const tell = (): void => reporter.note("stopping after this step; Ctrl+C again ends it at once");
  signal.addEventListener("abort", tell, { once: true });
  return reporter;
}

/** Writes a line of results; on a terminal, over the progress bar, which then draws itself below. */
export function print({ stdout, env }: Context, line: string): void {
  const wipe = stdout.isTTY === true && env["TERM"] !== "dumb" ? "\r\x1b[K" : "";
  stdout.write(`${wipe}${line}\n`);
}

/** Writes one JSON object, on one line. */
export const printJson = (context: Context, value: unknown): void =>
  print(context, JSON.stringify(value));
