// The largest of many numbers.

/**
 * The largest number of a list of any length, at least `floor`. Math.max(...list) fails beyond some 125,000: each
 * number becomes an argument on the stack.
 */
export function largest(values: ArrayLike<number>, floor = -Infinity): number {
  let most = floor;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!);
  return most;
}
