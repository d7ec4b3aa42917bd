// The shape of a region in a few numbers: moments in the coordinates of its own box (Hu 1962), which stretching leaves alone.

/** Coordinates run from -1 to 1 over the box, so every moment is in -1..1. */
export interface ShapeMoments {
  /** Share of the box that is covered, holes filled. */
  readonly fill: number;
  /** Means of x and y, then of x², xy, y², x³, x²y, xy², y³, x⁴, x²y², y⁴, about the middle of the box. */
  readonly moments: readonly number[];
  /** Share of the filled region that its holes take. */
  readonly hole: number;
}

const POWERS = [
  [1, 0],
  [0, 1],
  [2, 0],
  [1, 1],
  [0, 2],
  [3, 0],
  [2, 1],
  [1, 2],
  [0, 3],
  [4, 0],
  [2, 2],
  [0, 4],
] as const;

/**
 * The moments of a weighted mask within its box.
 *
 * @param weightAt coverage of the pixel (x, y) of the box, 0..1, holes filled
 * @param width pixels of the box
 * @param height pixels of the box
 * @param hole share of the filled region that its holes take
 */
export function momentsOf(
  weightAt: (x: number, y: number) => number,
  width: number,
  height: number,
  hole: number,
): ShapeMoments {
  const sums = POWERS.map(() => 0);
  let total = 0;
  for (let row = 0; row < height; row++) {
    const y = (2 * row + 1) / height - 1;
    for (let column = 0; column < width; column++) {
      const weight = weightAt(column, row);
      if (weight === 0) continue;
      const x = (2 * column + 1) / width - 1;
      total += weight;
      POWERS.forEach(([p, q], i) => (sums[i]! += weight * x ** p * y ** q));
    }
  }
  const moments = sums.map((sum) => (total > 0 ? sum / total : 0));
  return { fill: total / (width * height), moments, hole };
}

const FILL_WEIGHT = 1;
const HOLE_WEIGHT = 1.5; // a torus differs from a sphere by its hole alone

/** How unlike two shapes are: 0 for the same one, about 0.1 for neighbours such as cube and cylinder. */
export function shapeDistance(a: ShapeMoments, b: ShapeMoments): number {
  const squares = a.moments.map((value, i) => (value - b.moments[i]!) ** 2);
  const fill = (FILL_WEIGHT * (a.fill - b.fill)) ** 2;
  const hole = (HOLE_WEIGHT * (a.hole - b.hole)) ** 2;
  return Math.sqrt(squares.reduce((sum, value) => sum + value, fill + hole));
}
