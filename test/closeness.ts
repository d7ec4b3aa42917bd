// The one measure of closeness of the tests: relative and absolute tolerance, and the worst element told.

/** Numbers in row-major order, with a shape where there is one. */
export type Numbers =
  | ArrayLike<number | bigint>
  | { readonly shape: readonly number[]; readonly data: ArrayLike<number | bigint> };

export interface Tolerance {
  /** Allowed difference as a share of the expected element; 1e-5 when absent. */
  readonly relative?: number;
  /** Allowed difference of any element; 1e-6 when absent. */
  readonly absolute?: number;
  /** Allowed difference as a share of the largest expected magnitude; 0 when absent. */
  readonly ofScale?: number;
}

export interface Deviation {
  /** Position of the worst element, in row-major order. */
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
  /** Difference as a multiple of what is allowed: close when at most 1. Infinite for NaN. */
  readonly excess: number;
}

interface Plain {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
}

function plain(values: Numbers): Plain {
  return "data" in values ? values : { shape: [values.length], data: values };
}

function excessOf(actual: number, expected: number, allowed: number): number {
  if (actual === expected) return 0;
  const difference = Math.abs(actual - expected);
  return Number.isFinite(difference) && allowed > 0 ? difference / allowed : Infinity;
}

/** The element that is furthest beyond what `tolerance` allows; undefined when there are no elements. */
export function worstDeviation(
  actual: ArrayLike<number | bigint>,
  expected: ArrayLike<number | bigint>,
  { relative = 1e-5, absolute = 1e-6, ofScale = 0 }: Tolerance = {},
): Deviation | undefined {
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const magnitude = Math.abs(Number(expected[i]));
    if (Number.isFinite(magnitude)) scale = Math.max(scale, magnitude);
  }
  let worst: Deviation | undefined;
  for (let i = 0; i < expected.length; i++) {
    const a = Number(actual[i]);
    const e = Number(expected[i]);
    const excess = excessOf(a, e, absolute + relative * Math.abs(e) + ofScale * scale);
    if (!worst || excess > worst.excess) worst = { index: i, actual: a, expected: e, excess };
  }
  return worst;
}

function position(index: number, shape: readonly number[]): string {
  let rest = index;
  const axes = shape.toReversed().map((extent) => {
    const at = rest % extent;
    rest = Math.floor(rest / extent);
    return at;
  });
  return `[${axes.reverse().join(", ")}]`;
}

/**
 * Throws unless every element of `actual` is within tolerance of that of `expected`, and the shapes, where
 * both are given, are equal. NaN is close to nothing. The message tells the worst element.
 */
export function expectClose(actual: Numbers, expected: Numbers, tolerance: Tolerance = {}): void {
  const a = plain(actual);
  const e = plain(expected);
  const bothShaped = "data" in actual && "data" in expected;
  if (bothShaped ? a.shape.join() !== e.shape.join() : a.data.length !== e.data.length) {
    throw new Error(
      `closeness: expected shape [${e.shape.join(", ")}], got [${a.shape.join(", ")}]`,
    );
  }
  const worst = worstDeviation(a.data, e.data, tolerance);
  if (!worst || worst.excess <= 1) return;
  const shape = "data" in expected ? e.shape : a.shape;
  throw new Error(
    `closeness: worst element ${position(worst.index, shape)}: expected ${worst.expected}, ` +
      `got ${worst.actual} (off by ${Math.abs(worst.actual - worst.expected)}, ` +
      `${worst.excess.toPrecision(3)} times what is allowed)`,
  );
}
