// Ctrl+C: the first stops the work within a step, another one ends the process at once.
import { EXIT } from "./run.js";

/** Milliseconds in which signals are one: npm passes on to its child what the terminal sends to both. */
const ECHO = 1000;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** What can be listened to and ended: the process, or a test's. */
export interface SignalSource {
  on(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  end(): void;
}

/**
 * A signal that the first interrupt aborts.
 *
 * @param now - the time in milliseconds
 */
export function interruptSignal(
  source: SignalSource,
  now: () => number = () => performance.now(),
): AbortSignal {
  const controller = new AbortController();
  let [first, count] = [Infinity, 0];
  const interrupt = () => {
    count++;
    if (count === 1) {
      first = now();
      controller.abort();
    } else if (count > 2 || now() - first >= ECHO) source.end();
  };
  SIGNALS.forEach((name) => source.on(name, interrupt));
  return controller.signal;
}

/** What of this process ends it. */
type Host = Pick<NodeJS.Process, "env" | "exit" | "kill" | "pid" | "removeAllListeners"> & {
  readonly stderr: Pick<NodeJS.WriteStream, "isTTY" | "write">;
};

/** Shows the cursor and wraps lines again, which a progress bar had put off. */
const RESTORED = "\x1b[?25h\x1b[?7h";

/**
 * Ends the process at once, by the system's own answer to Ctrl+C. `process.exit` would call the listeners of "exit",
 * and a worker's waits there until its kernels end: half a minute with a large model.
 */
export function endAtOnce(host: Host = process): void {
  if (host.stderr.isTTY && host.env["TERM"] !== "dumb") host.stderr.write(RESTORED);
  SIGNALS.forEach((name) => host.removeAllListeners(name));
  host.kill(host.pid, "SIGINT");
  // The first process of a container is deaf to signals that it does not listen to.
  setImmediate(() => host.exit(EXIT.interrupted));
}

/**
 * Exits. After an interrupt a kernel may be under way, for which the listeners of "exit" wait while no other listener
 * is called: Ctrl+C has to be the system's own by then.
 */
export function exitWith(code: number): never {
  if (code === EXIT.interrupted) SIGNALS.forEach((name) => process.removeAllListeners(name));
  process.exit(code);
}
