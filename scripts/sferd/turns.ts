// Timings that a machine's moods touch alike: all that is timed takes turns, round by round.

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** The median of what `timing` says of each, over rounds in which all take turns. */
export async function inTurns<T>(
  items: readonly T[],
  rounds: number,
  timing: (item: T) => Promise<number>,
): Promise<(readonly [T, number])[]> {
  const told = items.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, item] of items.entries()) told[i]!.push(await timing(item));
  }
  return items.map((item, i) => [item, median(told[i]!)]);
}
