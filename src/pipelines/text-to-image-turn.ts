// What a run takes from outside its graphs: the event loop's turn, and the clock.

/** Lets whatever waits on the event loop go first: timers, Ctrl+C, messages. */
export function pause(): Promise<void> {
  // Browsers have timers only, and rest a few milliseconds in them.
  const later = typeof setImmediate === "function" ? setImmediate : setTimeout;
  return new Promise((resolve) => void later(resolve));
}

/** Milliseconds by phase. */
export class Stopwatch {
  private readonly phases: Record<string, number> = {};
  private since = performance.now();

  /** Counts the time since the last lap to a phase. */
  lap(phase: string): void {
    const now = performance.now();
    this.phases[phase] = (this.phases[phase] ?? 0) + now - this.since;
    this.since = now;
  }

  get milliseconds(): Readonly<Record<string, number>> {
    return { ...this.phases };
  }
}
