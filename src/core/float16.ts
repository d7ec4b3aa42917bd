// Half precision on the host: IEEE 754 binary16 held in a Uint16Array, and bfloat16 read as float32.

const SIGN = 0x8000;
const INFINITY_16 = 0x7c00;
const QUIET_NAN_16 = 0x7e00;

const INFINITY_32 = 0x7f800000;
/** 65520, half way between the largest float16 and the next power of two: from here on, infinity. */
const OVERFLOW_32 = 0x477ff000;
/** 2^-14, the smallest normal float16. */
const SMALLEST_NORMAL_32 = 0x38800000;
/** The difference of the exponent biases, 127 - 15, in float32's exponent field. */
const REBIAS_32 = 0x38000000;
const HALF_32 = 0x3f000000;

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The float16 bits (0 to 65535) of a float32 given by its bits; rounds to nearest, ties to even. */
function narrow(bits: number): number {
  const sign = (bits >>> 16) & SIGN;
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= OVERFLOW_32) {
    return sign | (magnitude > INFINITY_32 ? QUIET_NAN_16 : INFINITY_16);
  }
  if (magnitude >= SMALLEST_NORMAL_32) {
    const odd = (magnitude >>> 13) & 1;
    return sign | ((magnitude - REBIAS_32 + 0xfff + odd) >>> 13);
  }
  // Adding one half leaves 2^-24, the spacing of float16's subnormals, as the last bit.
  scratchBits[0] = magnitude;
  scratch[0] = scratch[0]! + 0.5;
  return sign | (scratchBits[0] - HALF_32);
}

/** The float32 bits of the value that float16 bits stand for; exact. */
function widen(half: number): number {
  const sign = (half & SIGN) << 16;
  const magnitude = half & 0x7fff;
  if (magnitude >= INFINITY_16) return (sign | INFINITY_32 | ((magnitude & 0x3ff) << 13)) >>> 0;
  if (magnitude >= 0x400) return (sign | ((magnitude << 13) + REBIAS_32)) >>> 0;
  scratch[0] = magnitude * 2 ** -24;
  return (sign | scratchBits[0]!) >>> 0;
}

let widened: Uint32Array | undefined;

/** Float32 bits by float16 bits: 256 KiB, made at the first bulk conversion. */
function widenedTable(): Uint32Array {
  return (widened ??= Uint32Array.from({ length: 0x10000 }, (_, half) => widen(half)));
}

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

/** Float32 values as float16 bits: nearest, ties to even; 65520 and above become infinity. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const bits = bitsOf(values);
  const halves = new Uint16Array(bits.length);
  for (let i = 0; i < bits.length; i++) halves[i] = narrow(bits[i]!);
  return halves;
}

/**
 * The values that float16 bits stand for; exact, infinities and NaNs included.
 *
 * @param values - where they go, as long as `halves`; new when absent
 */
export function float16ToFloat32(
  halves: Uint16Array,
  values: Float32Array = new Float32Array(halves.length),
): Float32Array {
  const table = widenedTable();
  const bits = bitsOf(values);
  for (let i = 0; i < halves.length; i++) bits[i] = table[halves[i]!]!;
  return values;
}

/** The values that bfloat16 bits stand for: float32 with the lower half of its bits zero; exact. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const values = new Float32Array(halves.length);
  const bits = bitsOf(values);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return values;
}
