// Values of flags, read strictly: each either fits or is refused in a line that says what would.
import { FollowspotError } from "../core/errors.js";
import type { Blur } from "../guidance/self-attention/index.js";
import type { Size } from "../pipelines/box.js";
import { LIMITS, MAX_SEED } from "../core/limits.js";

type Range = readonly [low: number, high: number];

const refuse = (flag: string, expected: string, text: string, remedy?: string): never => {
  const options = remedy === undefined ? {} : { remedy };
  throw new FollowspotError(`${flag}: expected ${expected}, got "${text}".`, options);
};

/** A reader of numbers within a range, inclusive. */
export const number =
  (flag: string, [low, high]: Range) =>
  (text: string): number => {
    const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    return refuse(flag, `a number from ${low} to ${high}`, text);
  };

/** A reader of whole numbers within a range, inclusive. */
export const whole =
  (flag: string, [low, high]: Range) =>
  (text: string): number => {
    const value = /^\d+$/.test(text.trim()) ? Number(text) : NaN;
    if (value >= low && value <= high) return value;
    return refuse(flag, `a whole number from ${low} to ${high}`, text);
  };

/** A reader of one of several names. */
export const oneOf =
  <T extends string>(flag: string, names: readonly T[]) =>
  (text: string): T =>
    names.find((name) => name === text) ?? refuse(flag, `one of ${names.join(", ")}`, text);

/** An unsigned 64-bit integer. */
export function seed(text: string, flag = "--seed"): bigint {
  const value = /^\d{1,20}$/.test(text.trim()) ? BigInt(text.trim()) : -1n;
  if (value >= 0n && value <= MAX_SEED) return value;
  const remedy = "Leave it out for a new seed each time; the seed used is always told.";
  return refuse(flag, `a whole number from 0 to ${MAX_SEED}`, text, remedy);
}

const MAX_SEEDS = 1000;

/** Seeds and ranges of seeds: "1,4-8". */
export function seeds(text: string): bigint[] {
  const flag = "--seeds";
  const found = text.split(",").flatMap((part) => {
    const [first = "", last, ...more] = part.split("-");
    const low = seed(first, flag);
    const high = last === undefined ? low : seed(last, flag);
    if (more.length > 0 || high < low) refuse(flag, "seeds and ranges such as 1,4-8", text);
    if (high - low >= BigInt(MAX_SEEDS)) refuse(flag, `at most ${MAX_SEEDS} seeds`, text);
    return Array.from({ length: Number(high - low) + 1 }, (_, offset) => low + BigInt(offset));
  });
  if (found.length > MAX_SEEDS) refuse(flag, `at most ${MAX_SEEDS} seeds`, text);
  if (new Set(found).size < found.length) refuse(flag, "each seed once", text);
  return found;
}

/** "512x768", or "512" for a square. */
export function size(text: string): Size {
  const match = /^(\d{1,5})(?:x(\d{1,5}))?$/i.exec(text.trim());
  const [low, high] = LIMITS.side;
  const sides = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])] as const;
  if (sides.every((side) => side >= low && side <= high)) return sides;
  return refuse("--size", `WIDTHxHEIGHT, each from ${low} to ${high}`, text);
}

/** "KERNEL,SIGMA" of a blur; whether it fits the pictures is seen where they are known. */
export function blur(text: string): Blur {
  const [, kernel, sigma] = /^(\d{1,4}),(\d+\.?\d*|\.\d+)$/.exec(text.trim()) ?? [];
  if (Number(kernel) % 2 === 1 && Number(sigma) > 0) {
    return { kernel: Number(kernel), sigma: Number(sigma) };
  }
  return refuse("--attention-blur", "KERNEL,SIGMA, an odd number and one above 0", text);
}

/** A number for all boxes, and numbers for the boxes of some words. */
export interface BoxNumbers {
  all?: number;
  words: Readonly<Record<string, number>>;
}

/** A reader, for a repeatable flag, of "VALUE" (all boxes) or "WORDS=VALUE" (one box). */
export const boxNumbers =
  (flag: string, range: Range) =>
  (text: string, before: BoxNumbers = { words: {} }): BoxNumbers => {
    const split = text.lastIndexOf("=");
    const value = number(flag, range)(text.slice(split + 1));
    const words = text.slice(0, Math.max(split, 0)).trim();
    if (split < 0) return { ...before, all: value };
    if (words === "") return refuse(flag, "VALUE or WORDS=VALUE", text);
    return { ...before, words: { ...before.words, [words]: value } };
  };

/** A reader of several values: "1,2". */
export const listOf =
  <T>(read: (text: string) => T) =>
  (text: string): T[] =>
    text.split(",").map(read);

/** A reader that gathers the values of a repeatable flag. */
export const gather = (text: string, before: readonly string[] = []): string[] => [...before, text];
