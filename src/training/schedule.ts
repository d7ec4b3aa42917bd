// Learning-rate schedules: functions of the step, counted from 1.

/** Linear warm-up to `peak`, then a cosine down to `floor` at `steps` and `floor` after. */
export function warmupCosine(options: {
  readonly peak: number;
  readonly warmup: number;
  readonly steps: number;
  readonly floor: number;
}): (k: number) => number {
  const { peak, warmup, steps, floor } = options;
  return (k) => {
    if (k <= warmup) return (peak * k) / warmup;
    const progress = Math.min(1, (k - warmup) / Math.max(1, steps - warmup));
    return floor + 0.5 * (peak - floor) * (1 + Math.cos(Math.PI * progress));
  };
}
