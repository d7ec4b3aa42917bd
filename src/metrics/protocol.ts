// The committed list of the placement protocol: which prompts, boxes and seeds every method is measured on.

import { join } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { readJsonAs } from "../io/json.js";
import { findPackageRoot } from "../io/package-root.js";
import { COLOURS, NOUNS, PROTOCOL_SPLITS, isSolid } from "../training/scenes/index.js";
import type { PlacementProtocol, ProtocolSplit, ProtocolTriple } from "../training/scenes/index.js";

/** The list in force, relative to the root of the package. */
export const PROTOCOL_FILE = "bench/protocol/placement.json";

const fraction = z.number().min(0).max(1);
const Box = z
  .tuple([fraction, fraction, fraction, fraction])
  .refine(([left, top, right, bottom]) => left < right && top < bottom, {
    error: "expected left < right and top < bottom",
  });
const ProtocolBox = z
  .object({
    words: z.string().min(1),
    noun: z.enum(NOUNS as [(typeof NOUNS)[number], ...typeof NOUNS]),
    colour: z.enum(COLOURS).nullable(),
    box: Box,
  })
  .refine(({ noun, colour }) => isSolid(noun) === (colour !== null), {
    error: "expected a colour for solids and none for drawn things",
  });
const Relation = z.object({
  first: z.int().min(0).max(1),
  relation: z.enum(["above", "left of"]),
  second: z.int().min(0).max(1),
});
const Triple = z
  .object({
    id: z.string().min(1),
    prompt: z.string().min(1),
    boxes: z.array(ProtocolBox).min(1).max(2),
    relation: Relation.nullable(),
    seed: z.int().nonnegative(),
    unseen: z.boolean(),
  })
  .refine(({ boxes, relation }) => (relation !== null) === (boxes.length === 2), {
    error: "expected a relation for two boxes and none for one",
  });
const Protocol = z.object({
  version: z.literal(1),
  test: z.array(Triple).min(1),
  tune: z.array(Triple).min(1),
});

/**
 * Reads the protocol; by default the committed list of this package.
 *
 * Throws FollowspotError for a missing file and for a list that is not one, naming each field at fault.
 */
export async function readProtocol(path?: string): Promise<PlacementProtocol> {
  return readJsonAs(path ?? join(findPackageRoot() ?? ".", PROTOCOL_FILE), Protocol);
}

/**
 * The first `count` triples of a split; all when absent.
 *
 * Throws FollowspotError for an unknown split and when the list is shorter.
 */
export function triplesOf(
  protocol: PlacementProtocol,
  split: string,
  count?: number,
): readonly ProtocolTriple[] {
  if (!(PROTOCOL_SPLITS as readonly string[]).includes(split)) {
    const known = PROTOCOL_SPLITS.join(", ");
    throw new FollowspotError(`protocol: expected a split of ${known}, got ${split}.`);
  }
  const triples = protocol[split as ProtocolSplit];
  const wanted = count ?? triples.length;
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > triples.length) {
    throw new FollowspotError(
      `protocol: expected a count of 1 to ${triples.length} for ${split}, got ${wanted}.`,
    );
  }
  return triples.slice(0, wanted);
}
