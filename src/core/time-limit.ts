// A signal that also comes when time is up.

/** A timer where Node gives an object that can let the process end, and browsers a number. */
type Timer = number | { unref?: () => void };

/**
 * Aborts with `signal`, or after `milliseconds` (at most 2^31 - 1) with a TimeoutError.
 *
 * `AbortSignal.any` over `AbortSignal.timeout` is not used: Node 20 collects such a signal as garbage before it comes.
 */
export function timeLimited(signal: AbortSignal | undefined, milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const onAbort = (): void => {
    clearTimeout(timer as number);
    controller.abort(signal?.reason);
  };
  const timer: Timer = setTimeout(() => {
    signal?.removeEventListener("abort", onAbort);
    controller.abort(new DOMException("The time is up.", "TimeoutError"));
  }, milliseconds);
  if (typeof timer === "object") timer.unref?.();
  if (signal?.aborted) onAbort();
  else signal?.addEventListener("abort", onAbort, { once: true });
  return controller.signal;
}
