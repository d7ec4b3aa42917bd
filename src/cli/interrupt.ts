// Ctrl+C: the first stops the work within a step, another one ends the process at once.
import { EXIT } from "./run.js";

/** Milliseconds in which signals are one: npm passes on to its child what the terminal sends to both. */
const ECHO = 1000;

/** What can be listened to: the process, or a test's. */
export interface SignalSource {
  on(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): never | void;
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
    } else if (count > 2 || now() - first >= ECHO) source.exit(EXIT.interrupted);
  };
  source.on("SIGINT", interrupt);
  source.on("SIGTERM", interrupt);
  return controller.signal;
}
