// Gradient descent with backtracking: a step that does not lower the loss is taken back and halved.

/** A point, its loss and the gradient there. */
export interface Evaluation {
  readonly loss: number;
  readonly gradient: Float32Array;
}

export interface DescentOptions {
  /** Evaluations in all, the starting point's included. */
  readonly evaluations: number;
  /** How far the element with the largest gradient moves at first. */
  readonly rate: number;
  /** Least value of an element; 0 when absent. */
  readonly least?: number;
}

/** The best point found, and the losses of the points that were accepted, never rising. */
export interface Descent {
  readonly point: Float32Array;
  readonly losses: readonly number[];
}

/** Descends from `start`. The step is in units of the largest gradient, so that the loss's scale does not matter. */
export async function descend(
  evaluate: (point: Float32Array) => Promise<Evaluation>,
  start: Float32Array,
  { evaluations, rate, least = 0 }: DescentOptions,
): Promise<Descent> {
  let point = start;
  let best = await evaluate(point);
  const losses = [best.loss];
  let step = rate;
  for (let done = 1; done < evaluations; done++) {
    const steepest = best.gradient.reduce((most, slope) => Math.max(most, Math.abs(slope)), 0);
    if (steepest === 0) break;
    const candidate = point.map((value, i) =>
      Math.max(least, value - (step * best.gradient[i]!) / steepest),
    );
    const there = await evaluate(candidate);
    if (there.loss <= best.loss) {
      [point, best] = [candidate, there];
      losses.push(there.loss);
    } else step /= 2;
  }
  return { point, losses };
}
