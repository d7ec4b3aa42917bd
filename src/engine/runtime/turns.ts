// Work that is done one piece after another, where whoever waits may leave.

/** Rejects as soon as `signal` does; `work` goes on unheeded. */
function abandonable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abandon = (): void => reject(signal.reason as Error);
    if (signal.aborted) abandon();
    signal.addEventListener("abort", abandon, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abandon));
  });
}

/** A queue of work. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /**
   * Begins `work` when all earlier work has ended. When `signal` aborts, the promise rejects with its reason:
   * work that waits is not begun, and work that has begun ends by itself.
   */
  take<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const turn = this.last.then(() => {
      signal?.throwIfAborted();
      return work();
    });
    this.last = turn.catch(() => undefined);
    return signal ? abandonable(turn, signal) : turn;
  }

  /** Resolves when all work so far has ended, well or badly. */
  async idle(): Promise<void> {
    await this.last;
  }
}
