// Options as programs without types may give them, checked before anything relies on their form.

import { FollowspotError } from "../core/errors.js";
import { LIMITS } from "../core/limits.js";
import { shown } from "../io/json-issues.js";

/** @throws FollowspotError unless the value is a text */
export function checkText(name: string, value: unknown): void {
  if (typeof value === "string") return;
  throw new FollowspotError(`${name}: expected a text, got ${shown(value)}.`);
}

/** @throws FollowspotError unless the value is a list of texts */
export function checkTexts(name: string, value: unknown): void {
  if (!Array.isArray(value)) {
    throw new FollowspotError(`${name}: expected a list of texts, got ${shown(value)}.`);
  }
  value.forEach((each, index) => checkText(`${name}[${index}]`, each));
}

/** @throws FollowspotError unless the value is a list of objects with words; their boxes are looked at later */
export function checkPlaced(value: unknown): void {
  const form = { remedy: 'Write { words: "red cube", box: [0.3, 0.05, 0.7, 0.45] }.' };
  if (!Array.isArray(value)) {
    throw new FollowspotError(`boxes: expected a list, got ${shown(value)}.`, form);
  }
  value.forEach((entry: unknown, index) => {
    const words = typeof entry === "object" ? (entry as { words?: unknown } | null)?.words : null;
    if (typeof words === "string") return;
    const got = `got ${shown(entry)}`;
    throw new FollowspotError(`boxes[${index}]: expected words and a box, ${got}.`, form);
  });
}

/** @throws FollowspotError unless the value is a width and a height in pixels */
export function checkSides(value: unknown): void {
  const [low, high] = LIMITS.side;
  const isSide = (side: unknown): boolean =>
    typeof side === "number" && Number.isInteger(side) && side >= low && side <= high;
  if (Array.isArray(value) && value.length === 2 && value.every(isSide)) return;
  throw new FollowspotError(
    `size: expected a width and a height, whole numbers from ${low} to ${high}, got ${shown(value)}.`,
    { remedy: "Write [512, 768]." },
  );
}
