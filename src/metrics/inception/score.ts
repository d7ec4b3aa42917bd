// Inception Score: how sure the classifier is of each picture, and how varied over all (Salimans et al. 2016).

export interface InceptionScore {
  readonly mean: number;
  /** Standard deviation over the parts. */
  readonly deviation: number;
  readonly parts: number;
}

/** exp(mean KL(p(y|x) || p(y))) over `parts` equal parts (10 when absent, less what does not divide) of logits [n, classes]. */
export function inceptionScore(logits: Float32Array, classes: number, parts = 10): InceptionScore {
  const count = logits.length / classes;
  const each = Math.floor(count / parts);
  if (each === 0) throw new Error(`inception score: expected at least ${parts} rows, got ${count}`);
  const scores = Array.from({ length: parts }, (_, part) => {
    const rows = Array.from({ length: each }, (_, i) => {
      const start = (part * each + i) * classes;
      return logProbabilities(logits.subarray(start, start + classes));
    });
    return Math.exp(meanDivergence(rows, classes));
  });
  const mean = scores.reduce((sum, score) => sum + score, 0) / parts;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / parts;
  return { mean, deviation: Math.sqrt(variance), parts };
}

function logProbabilities(logits: Float32Array): Float64Array {
  const highest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const shifted = Float64Array.from(logits, (value) => value - highest);
  const total = Math.log(shifted.reduce((sum, value) => sum + Math.exp(value), 0));
  return shifted.map((value) => value - total);
}

/** Mean over rows of Σ p (log p - log p̄). */
function meanDivergence(rows: readonly Float64Array[], classes: number): number {
  const overall = new Float64Array(classes);
  for (const row of rows) row.forEach((value, i) => (overall[i]! += Math.exp(value) / rows.length));
  const logs = overall.map(Math.log);
  const sums = rows.map((row) =>
    row.reduce((sum, value, i) => {
      const p = Math.exp(value);
      return p === 0 ? sum : sum + p * (value - logs[i]!);
    }, 0),
  );
  return sums.reduce((sum, value) => sum + value, 0) / rows.length;
}
