// Held-out pictures that errors of pixel models are measured on: opened, checked to fit the models, chosen, given noise.

import { FollowspotError } from "../core/errors.js";
import { floats } from "../core/tensor.js";
import type { Latent } from "../diffusion/denoiser.js";
import { stackRows } from "../guidance/rows.js";
import { openDataset } from "../io/dataset/index.js";
import type { DatasetOptions, PictureDataset } from "../io/dataset/index.js";
import { toSignedUnit } from "../training/data/latents.js";
import { permutation, streamOf } from "../training/data/streams.js";
import { inClassesOf, noClassOf } from "../training/teacher/index.js";
import type { HeldOutReport, HeldOutRequest } from "./evaluate-errors-request.js";
import type { PixelModel } from "./sample-model.js";

/** The stream of a picture's noise. */
const NOISE = 1;
const SPLIT = "test";

/** Pictures in memory. */
export interface HeldOut {
  readonly report: HeldOutReport;
  /** The pictures taken, in the models' channels, without classes; closing it does nothing. */
  readonly set: PictureDataset;
  /** [count, S, S, C] in [-1, 1]. */
  readonly pictures: Latent;
  /** Noise of each picture, the same at every time and for every model; of the pictures' shape. */
  readonly noise: Latent;
  /** Class of each picture; absent when the set has none. */
  readonly labels?: Int32Array;
}

/**
 * Opens the pictures of a request for models of one form.
 *
 * @throws FollowspotError when sizes, channels or classes differ, and as openDataset
 */
export async function openFor(
  models: readonly PixelModel[],
  request: HeldOutRequest,
  signal: AbortSignal,
): Promise<PictureDataset> {
  refuseUnlike(models);
  const data = await openSized(models[0]!, request, signal);
  try {
    for (const model of models) refuseChannels(model, data, request.data);
    for (const model of models) refuseClasses(model, data, request.data);
    const { unet } = models[0]!.network;
    if (noClassOf(unet) === undefined) return data;
    return inClassesOf(classesOf(models), data, request.data);
  } catch (error) {
    await data.close();
    throw error;
  }
}

/** The set in its own number of channels, at the models' size. */
async function openSized(
  { name, network: { size } }: PixelModel,
  { data: path, split = SPLIT, fit }: HeldOutRequest,
  signal: AbortSignal,
): Promise<PictureDataset> {
  const options: DatasetOptions = { split, signal };
  if (fit !== undefined) return openDataset(path, { ...options, size, fit });
  const own = await openDataset(path, options);
  if (own.size === size) return own;
  await own.close();
  const sized = await openDataset(path, { ...options, size });
  if (sized.resizing.startsWith("padded")) return sized;
  await sized.close();
  throw new FollowspotError(
    `evaluate: ${path}: expected pictures of ${size}x${size}, as ${name} makes them, got ${own.size}x${own.size}.`,
    { remedy: "Give the pictures that it was trained for, or bring them to its size with --fit." },
  );
}

/** Errors at one time are comparable where size, channels and noise are the same. */
function refuseUnlike(models: readonly PixelModel[]): void {
  const told = ({ network: { size, unet, facts } }: PixelModel): string =>
    `${size}x${size}x${unet.in_channels} and schedule ${JSON.stringify(facts.schedule)}`;
  const [first] = models as [PixelModel];
  const stray = models.find((model) => told(model) !== told(first));
  if (!stray) return;
  throw new FollowspotError(
    `evaluate: expected models of one size, number of channels and noise schedule, got ${told(first)} in ` +
      `${first.name} and ${told(stray)} in ${stray.name}.`,
    { remedy: "Evaluate them apart." },
  );
}

/** Names of the models' classes, as far as they know them. Throws FollowspotError where they differ. */
function classesOf(models: readonly PixelModel[]): readonly string[] | undefined {
  const [first, ...others] = models.filter(({ network }) => network.facts.classes !== undefined);
  const told = (model: PixelModel): string => model.network.facts.classes!.join(", ");
  const stray = others.find((model) => told(model) !== told(first!));
  if (!stray) return first?.network.facts.classes;
  throw new FollowspotError(
    `evaluate: expected models of the same classes in one order, got ${told(first!)} in ${first!.name} and ` +
      `${told(stray)} in ${stray.name}.`,
    { remedy: "Evaluate them apart." },
  );
}

function refuseChannels({ name, network }: PixelModel, data: PictureDataset, path: string): void {
  const { in_channels: channels } = network.unet;
  // Grey pictures in files of colour are seen when they are read.
  if (channels === data.channels || (channels === 1 && data.channels === 3)) return;
  throw new FollowspotError(
    `evaluate: ${path}: expected pictures of ${channels} channels, as ${name} makes them, got ${data.channels}.`,
    { remedy: "Give the pictures that it was trained for." },
  );
}

function refuseClasses({ name, network }: PixelModel, data: PictureDataset, path: string): void {
  const classes = noClassOf(network.unet);
  const there = data.classes?.length;
  if (classes === undefined || there === undefined || classes === there) return;
  throw new FollowspotError(
    `evaluate: ${path}: expected pictures of ${classes} classes, as ${name} has them, got ${there}.`,
    { remedy: "Give the pictures that it was trained for, or pictures without classes." },
  );
}

/** Throws FollowspotError when a set has fewer pictures than are asked for. */
export function refuseFewer(
  data: PictureDataset,
  path: string,
  count: number,
  flags: string,
): void {
  if (count <= data.count) return;
  throw new FollowspotError(
    `evaluate: ${path}: expected at least ${count} pictures, got ${data.count}.`,
    { remedy: `Give more pictures, or ask for fewer with ${flags}.` },
  );
}

/**
 * Reads `count` pictures for models, chosen at random where the set has more, and draws their noise: that of a picture
 * follows from seed and place alone.
 *
 * @throws FollowspotError when the set has fewer, or does not fit the models; the signal's reason
 */
export async function readHeldOut(
  models: readonly PixelModel[],
  request: HeldOutRequest & { readonly count: number },
  signal: AbortSignal,
): Promise<HeldOut> {
  const { count, seed = 0 } = request;
  const data = await openFor(models, request, signal);
  try {
    refuseFewer(data, request.data, count, "--count");
    const chosen = permutation(data.count, seed, 0).subarray(0, count);
    const { pixels, labels } = await data.pictures([...chosen]);
    signal.throwIfAborted();
    const { size, unet } = models[0]!.network;
    const shape = [size, size, unet.in_channels];
    const bytes = unet.in_channels === data.channels ? pixels : greyOf(pixels, request.data);
    const values = new Float32Array(bytes.length);
    toSignedUnit(bytes, values);
    const rows = Array.from(chosen, (_, i) => streamOf(seed, NOISE, i).randn([1, ...shape]));
    return {
      report: heldOutReport(data, request, count, unet.in_channels),
      set: inMemory(data, bytes, { count, channels: unet.in_channels as 1 | 3 }),
      pictures: floats([count, ...shape], values),
      noise: stackRows(rows),
      ...(labels ? { labels } : {}),
    };
  } finally {
    await data.close();
  }
}

/** Some of a set's pictures, by their bytes. */
function inMemory(
  { size, digest, resizing }: PictureDataset,
  pixels: Uint8Array,
  form: Pick<PictureDataset, "count" | "channels">,
): PictureDataset {
  const width = size * size * form.channels;
  return {
    ...{ size, digest, resizing, ...form },
    nameOf: String,
    pictures: async (indices) => {
      const rows = indices.map((i) => pixels.subarray(i * width, (i + 1) * width));
      return { pixels: new Uint8Array(Buffer.concat(rows)) };
    },
    close: async () => undefined,
  };
}

/** What a report says of a set. */
export function heldOutReport(
  { count: of, digest, size, resizing }: PictureDataset,
  { data: path, split = SPLIT }: HeldOutRequest,
  count: number,
  channels: number,
): HeldOutReport {
  return { path, split, count, of, digest, size, channels, resizing };
}

/** One of three equal channels. Throws FollowspotError for a picture in colour. */
function greyOf(pixels: Uint8Array, path: string): Uint8Array {
  const grey = pixels.filter((_, i) => i % 3 === 0);
  if (pixels.every((value, i) => value === grey[Math.floor(i / 3)])) return grey;
  throw new FollowspotError(
    `evaluate: ${path}: expected grey pictures for a model of 1 channel, got some in colour.`,
    { remedy: "Give the pictures that it was trained for." },
  );
}
