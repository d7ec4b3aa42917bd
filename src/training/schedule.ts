// Learning-rate schedules: functions of the step, counted from 1.

export interface WarmupCosineOptions {
  readonly peak: number;
  readonly warmup: number;
  readonly steps: number;
  readonly floor: number;
  /** Last steps over which the rate falls; all after the warm-up when absent or null. */
  readonly decay?: number | null | undefined;
}

/**
 * Linear warm-up to `peak`, then a cosine down to `floor` at `steps` and `floor` after. With `decay`, `peak` is held
 * until that many steps are left, so that a run can be made longer without having fallen too early.
 */
export function warmupCosine(options: WarmupCosineOptions): (k: number) => number {
  const { peak, warmup, steps, floor } = options;
  const fall = Math.max(1, Math.min(options.decay ?? Infinity, steps - warmup));
  return (k) => {
    if (k <= warmup) return (peak * k) / warmup;
    const progress = Math.min(1, Math.max(0, k - (steps - fall)) / fall);
    return floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * progress));
  };
}
