// Ctrl+C: the first stops the work within a step, the second ends the process at once.
import { EXIT } from "./run.js";

/** What can be listened to: the process, or a test's. */
export interface SignalSource {
  on(event: "SIGINT" | "SIGTERM", listener: () => void): unknown;
  exit(code: number): never | void;
}

/** A signal that the first interrupt aborts. */
export function interruptSignal(source: SignalSource): AbortSignal {
  const controller = new AbortController();
  const interrupt = () => {
    if (controller.signal.aborted) source.exit(EXIT.interrupted);
    else controller.abort();
  };
  source.on("SIGINT", interrupt);
  source.on("SIGTERM", interrupt);
  return controller.signal;
}
