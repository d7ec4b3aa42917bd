// What the judge of digits says of a folder of pictures, beside the training set.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import type { Runtime } from "../../src/engine/runtime/session.js";
import type { PictureDataset } from "../../src/io/dataset/index.js";
import { readFeatures, writeFeatures } from "../../src/metrics/features/feature-file.js";
import type { FeatureMatrix } from "../../src/metrics/features/matrix.js";
import { frechetDistance } from "../../src/metrics/frechet/distance.js";
import { gaussianOf } from "../../src/metrics/frechet/gaussian.js";
import { datasetFeatures } from "../../src/metrics/inception/dataset-features.js";
import { precisionRecall } from "../../src/metrics/precision-recall/precision-recall.js";
import { withThreads } from "../../src/training/run/threads.js";
import { openDigits, openJudge } from "./digits.js";
import type { DigitsJudge } from "./digits.js";

export interface DigitsReport {
  /** Pictures of each set. */
  readonly count: number;
  /** Fréchet distance on the judge's 64 features. */
  readonly frechet: number;
  /** Distances of the same pictures in ten parts to the same reference: how much chance there is in it. */
  readonly parts: readonly number[];
  readonly precision: number;
  readonly recall: number;
  /** Share of pictures of which the judge is at least nine tenths sure. */
  readonly sure: number;
  /** Share of each digit. */
  readonly classes: readonly number[];
}

const PARTS = 10;
const SURE = 0.9;

/** Judges `count` pictures of `pictures` beside as many of `reference`'s training set; `folder` keeps the judge. */
export async function measureDigits(
  pictures: string,
  reference: string,
  {
    count,
    folder,
    threads = availableParallelism(),
  }: {
    readonly count: number;
    readonly folder: string;
    readonly threads?: number | undefined;
  },
): Promise<DigitsReport> {
  const runtime = withThreads(nodeRuntime(), threads);
  const judge = await openJudge(reference, folder, runtime);
  const [drawn, real] = await Promise.all([
    openDigits(pictures, "test"),
    openDigits(reference, "train"),
  ]);
  try {
    const known = await referenceOf(real, judge, { count, folder });
    const { features, logits } = await datasetFeatures(drawn, judge, { count });
    return await reportOf(known, features, logits!, runtime);
  } finally {
    await Promise.all([judge.release(), drawn.close(), real.close()]);
  }
}

async function referenceOf(
  real: PictureDataset,
  judge: DigitsJudge,
  { count, folder }: { readonly count: number; readonly folder: string },
): Promise<FeatureMatrix> {
  const { dimension, digest: weights } = judge;
  const key = {
    pictures: real.digest,
    weights,
    input: "levels",
    dimension,
    count,
    seed: 0,
  };
  const kept = await readFeatures(join(folder, "features"), key);
  if (kept) return kept;
  const { features } = await datasetFeatures(real, judge, { count });
  await writeFeatures(join(folder, "features"), key, features);
  return features;
}

async function reportOf(
  real: FeatureMatrix,
  drawn: FeatureMatrix,
  logits: Float32Array,
  runtime: Runtime,
): Promise<DigitsReport> {
  const reference = gaussianOf(real);
  const { precision, recall } = await precisionRecall(real, drawn, { runtime });
  const classes = logits.length / drawn.count;
  const shares = new Array<number>(classes).fill(0);
  let sure = 0;
  for (let i = 0; i < drawn.count; i++) {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    const best = row.reduce((top, value, k) => (value > row[top]! ? k : top), 0);
    const total = row.reduce((sum, value) => sum + Math.exp(value - row[best]!), 0);
    shares[best]! += 1 / drawn.count;
    if (1 / total >= SURE) sure += 1 / drawn.count;
  }
  return {
    count: drawn.count,
    frechet: frechetDistance(reference, gaussianOf(drawn)),
    parts: partsOf(drawn).map((part) => frechetDistance(reference, gaussianOf(part))),
    ...{ precision, recall, sure, classes: shares },
  };
}

function partsOf({ count, dimension, data }: FeatureMatrix): FeatureMatrix[] {
  const each = Math.floor(count / PARTS);
  return Array.from({ length: PARTS }, (_, i) => ({
    ...{ count: each, dimension },
    data: data.subarray(i * each * dimension, (i + 1) * each * dimension),
  }));
}
