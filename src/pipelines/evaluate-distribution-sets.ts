// The two sets of a comparison: opened, checked to be comparable, and refused where a figure would mislead.

import { FollowspotError } from "../core/errors.js";
import { openDataset } from "../io/dataset/index.js";
import type { PictureDataset } from "../io/dataset/index.js";
import type { DistributionRequest } from "./evaluate-distribution-request.js";

export interface ComparedSet {
  readonly path: string;
  readonly data: PictureDataset;
  /** Pictures to take. */
  readonly count: number;
}

export interface ComparedSets {
  readonly pictures: ComparedSet;
  readonly reference: ComparedSet;
  close(): Promise<void>;
}

/**
 * Opens both sets, in colour.
 *
 * Throws FollowspotError when they differ in size, when either has too few pictures, and as openDataset.
 */
export async function openSets(
  request: DistributionRequest,
  dimension: number,
  signal: AbortSignal,
): Promise<ComparedSets> {
  const { size, filter, split } = request;
  const form = { channels: 3, signal, ...(size && { size }), ...(filter && { filter }) } as const;
  const pictures = await openDataset(request.pictures, { ...form, split: "test" });
  try {
    const reference = await openDataset(request.reference, { ...form, ...(split && { split }) });
    const close = async (): Promise<void> => {
      await Promise.all([pictures.close(), reference.close()]);
    };
    try {
      const sets = {
        pictures: counted(request.pictures, pictures, request),
        reference: counted(request.reference, reference, request),
      };
      refuseSizes(sets.pictures, sets.reference);
      refuseFew([sets.pictures, sets.reference], dimension, request.few ?? false);
      return { ...sets, close };
    } catch (error) {
      await reference.close();
      throw error;
    }
  } catch (error) {
    await pictures.close();
    throw error;
  }
}

function counted(path: string, data: PictureDataset, { count }: DistributionRequest): ComparedSet {
  if (count === undefined || count <= data.count) return { path, data, count: count ?? data.count };
  throw new FollowspotError(
    `evaluate: ${path}: expected at least ${count} pictures, got ${data.count}.`,
    {
      remedy: `Give more pictures, or --count ${data.count}.`,
    },
  );
}

function refuseSizes(a: ComparedSet, b: ComparedSet): void {
  if (a.data.size === b.data.size) return;
  const [first, second] = [a.data.size, b.data.size].map((side) => `${side}x${side}`);
  throw new FollowspotError(
    `evaluate: expected pictures of one size, got ${first!} in ${a.path} and ${second!} in ${b.path}.`,
    { remedy: "Bring both to one with --size, and tell it with the figure." },
  );
}

/** Below two pictures there is no covariance; with fewer than features it is singular. */
function refuseFew(sets: readonly ComparedSet[], dimension: number, few: boolean): void {
  const least = few ? 4 : dimension + 1;
  for (const { path, count } of sets) {
    if (count >= least) continue;
    throw new FollowspotError(
      `evaluate: ${path}: expected at least ${least} pictures for ${dimension} features, got ${count}.`,
      {
        remedy: few
          ? "Give more pictures."
          : "Give more pictures (10,000 for a figure to publish), or --few for one that is biased upwards.",
      },
    );
  }
}
