// How near a set of pictures is to another: Fréchet and kernel distance, precision and recall on Inception features.

import { join } from "node:path";

import { FollowspotError } from "../core/errors.js";
import type { Runtime } from "../engine/runtime/session.js";
import { workerRuntime } from "../engine/runtime/worker.js";
import { readFeatures, writeFeatures } from "../metrics/features/feature-file.js";
import { frechetDistance } from "../metrics/frechet/distance.js";
import { gaussianOf } from "../metrics/frechet/gaussian.js";
import { datasetFeatures } from "../metrics/inception/dataset-features.js";
import type { DatasetFeatures } from "../metrics/inception/dataset-features.js";
import { createExtractor, INCEPTION_INPUT } from "../metrics/inception/extractor.js";
import type { Extractor } from "../metrics/inception/extractor.js";
import { inceptionScore } from "../metrics/inception/score.js";
import { readInceptionWeights, requireWeightsPath } from "../metrics/inception/weights.js";
import type { InceptionWeights } from "../metrics/inception/weights.js";
import { kernelDistance } from "../metrics/kernel-distance/kernel-distance.js";
import { precisionRecall } from "../metrics/precision-recall/precision-recall.js";
import type { Reporter } from "./draw-request.js";
import type {
  DistributionReport,
  DistributionRequest,
  DistributionSet,
} from "./evaluate-distribution-request.js";
import { openSets } from "./evaluate-distribution-sets.js";
import type { ComparedSet } from "./evaluate-distribution-sets.js";

const CACHE = join("runs", "features");
const SCORE_PARTS = 10;

interface Work {
  readonly request: DistributionRequest;
  readonly weights: InceptionWeights;
  readonly seed: number;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly runtime: Runtime;
}

interface SetFeatures extends DatasetFeatures {
  readonly told: DistributionSet;
}

/**
 * Compares two sets. The reference's features are kept in a file, so that the next call with the same
 * pictures, weights and settings reads them.
 *
 * @throws FollowspotError when weights or sets are missing, damaged or not comparable, or too few pictures
 *   are there; the signal's reason when aborted
 */
export async function evaluateDistribution(
  request: DistributionRequest,
  reporter: Reporter,
  signal: AbortSignal,
  runtime: Runtime = workerRuntime(),
): Promise<DistributionReport> {
  const started = performance.now();
  const weights = await readInceptionWeights(requireWeightsPath(request.weights));
  const features = featuresOf(request, weights);
  const sets = await openSets(request, features, signal);
  try {
    const work = { request, weights, seed: request.seed ?? 0, reporter, signal, runtime };
    const extractor = await extractorOf(work, sets.pictures, features);
    const [reference, pictures] = await extractBoth(work, extractor, sets);
    const report = await judge(work, pictures, reference, extractor.classes);
    return { ...report, seconds: (performance.now() - started) / 1000 };
  } finally {
    reporter.finish();
    await sets.close();
  }
}

function featuresOf({ features }: DistributionRequest, weights: InceptionWeights): 768 | 2048 {
  if (features === undefined) return weights.complete ? 2048 : 768;
  if (features === 768 || weights.complete) return features;
  throw new FollowspotError(
    `evaluate: ${weights.path}: expected the full weights for 2048 features, got a file that ends before.`,
    { remedy: "Ask for --features 768, or give the full weights." },
  );
}

function extractorOf(
  { weights, request, runtime }: Work,
  { data }: ComparedSet,
  features: 768 | 2048,
): Promise<Extractor> {
  const { batch, threads } = request;
  return createExtractor({
    tensors: weights.tensors,
    ...{ runtime, features, size: data.size, channels: data.channels, threads },
    ...(batch === undefined ? {} : { batch }),
  });
}

/** Features of the reference, from its file where there is one, and of the pictures. */
async function extractBoth(
  work: Work,
  extractor: Extractor,
  sets: { readonly pictures: ComparedSet; readonly reference: ComparedSet },
): Promise<[SetFeatures, SetFeatures]> {
  try {
    const reference = await referenceFeatures(work, extractor, sets.reference);
    const pictures = await extract(work, extractor, sets.pictures, "pictures");
    return [reference, { ...pictures, told: toldOf(sets.pictures, false) }];
  } finally {
    await extractor.release();
  }
}

async function referenceFeatures(
  work: Work,
  extractor: Extractor,
  set: ComparedSet,
): Promise<SetFeatures> {
  const { request, weights, seed, reporter } = work;
  const folder = request.cache ?? CACHE;
  const { dimension } = extractor;
  const key = { pictures: set.data.digest, weights: weights.digest, input: INCEPTION_INPUT };
  const all = { ...key, dimension, count: set.count, seed };
  const kept = await readFeatures(folder, all);
  if (kept) return { features: kept, told: toldOf(set, true) };
  const made = await extract(work, extractor, set, "reference");
  // Looking again costs time; not being able to keep what was seen costs no figure.
  await writeFeatures(folder, all, made.features).catch((error: unknown) => {
    if (!(error instanceof FollowspotError)) throw error;
    reporter.note(`warning: the reference's features are not kept: ${error.message}`);
  });
  return { ...made, told: toldOf(set, false) };
}

async function extract(
  { reporter, signal, seed }: Work,
  extractor: Extractor,
  { data, count }: ComparedSet,
  label: string,
): Promise<DatasetFeatures> {
  reporter.start(count, label);
  const onProgress = (done: number): void => reporter.step(done);
  const made = await datasetFeatures(data, extractor, { count, seed, signal, onProgress });
  reporter.finish();
  return made;
}

const toldOf = ({ path, data, count }: ComparedSet, cached: boolean): DistributionSet => {
  const { digest, size, resizing } = data;
  return { path, count, of: data.count, digest, size, resizing, cached };
};

async function judge(
  { weights, seed, signal, runtime, request, reporter }: Work,
  pictures: SetFeatures,
  reference: SetFeatures,
  classes: number,
): Promise<Omit<DistributionReport, "seconds">> {
  const options = { runtime, signal, threads: request.threads };
  const [a, b] = [reference.features, pictures.features];
  reporter.start(3, "distances");
  const kernel = await kernelDistance(a, b, { ...options, seed });
  reporter.step(1);
  const near = await precisionRecall(a, b, options);
  reporter.step(2);
  const frechet = frechetDistance(gaussianOf(a), gaussianOf(b));
  reporter.step(3);
  const { logits } = pictures;
  const parts = Math.min(SCORE_PARTS, b.count);
  return {
    distance: `FD-${a.dimension}`,
    ...{ frechet, kernel, ...near },
    ...(logits ? { inceptionScore: inceptionScore(logits, classes, parts) } : {}),
    pictures: pictures.told,
    reference: reference.told,
    weights: { path: weights.path, digest: weights.digest },
    ...{ input: INCEPTION_INPUT, seed },
  };
}
