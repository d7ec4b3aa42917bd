// A source's pictures brought to one form, with those already decoded kept in memory as far as they fit.

import { createHash } from "node:crypto";

import { FollowspotError } from "../../core/errors.js";
import { closedError } from "./closed-error.js";
import type { DatasetOptions, PictureBatch, PictureDataset } from "./dataset.js";
import { inTurns } from "./in-turns.js";
import type { PictureSource } from "./source.js";
import { sidesOf, toForm } from "./to-size.js";
import type { Form } from "./to-size.js";

const CACHE_BYTES = 2 ** 29;
const SIZES = [1, 4096] as const;

/** Takes over the source: it is closed with the set, and also when this throws. */
export async function openedDataset(
  source: PictureSource,
  options: DatasetOptions,
): Promise<PictureDataset> {
  try {
    return new OpenedDataset(source, await formOf(source, options), options.cacheBytes);
  } catch (error) {
    await source.close();
    throw error;
  }
}

async function formOf(source: PictureSource, options: DatasetOptions): Promise<Form> {
  const { channels = source.channels, fit = source.fit, filter = "lanczos3" } = options;
  const { size } = options;
  if (size === undefined) {
    return { size: await ownSize(source), channels, fit, filter, resize: false };
  }
  if (!Number.isInteger(size) || size < SIZES[0] || size > SIZES[1]) {
    throw new FollowspotError(
      `data set: expected a size from ${SIZES[0]} to ${SIZES[1]}, got ${size}.`,
    );
  }
  return { size, channels, fit, filter, resize: true };
}

/** The side of the first picture, which stands for all. */
async function ownSize(source: PictureSource): Promise<number> {
  const name = source.nameOf(0);
  const [width, height] = await sidesOf(await source.read(0), name);
  if (width === height) return width;
  throw new FollowspotError(
    `data set: ${name}: expected a square picture, got ${width}x${height}.`,
    {
      remedy: "Say which size all are to be brought to; the centre is then cropped.",
    },
  );
}

class OpenedDataset implements PictureDataset {
  readonly count: number;
  readonly size: number;
  readonly channels: 1 | 3;
  readonly digest: string;
  readonly resizing: string;
  readonly classes?: readonly string[];
  private readonly each: number;
  private readonly kept: (Uint8Array | undefined)[] = [];
  private room: number;
  private closed = false;

  constructor(
    private readonly source: PictureSource,
    private readonly form: Form,
    cacheBytes = CACHE_BYTES,
  ) {
    this.count = source.count;
    this.size = form.size;
    this.channels = form.channels;
    this.each = form.size ** 2 * form.channels;
    this.room = Math.floor(cacheBytes / this.each);
    this.resizing = resizingOf(form);
    if (source.classes) this.classes = source.classes;
    const labels = source.labels?.join(",") ?? "";
    this.digest = createHash("sha256")
      .update(`${source.digest}\n${labels}\n`)
      .update(`${form.size}x${form.size}x${form.channels} ${this.resizing}`)
      .digest("hex");
  }

  nameOf(index: number): string {
    return this.source.nameOf(this.checked(index));
  }

  async pictures(indices: readonly number[]): Promise<PictureBatch> {
    const pixels = new Uint8Array(indices.length * this.each);
    await inTurns(indices, async (index, i) => {
      pixels.set(await this.picture(this.checked(index)), i * this.each);
    });
    const { labels } = this.source;
    if (!labels) return { pixels };
    return { pixels, labels: Int32Array.from(indices, (index) => labels[index]!) };
  }

  close(): Promise<void> {
    this.closed = true;
    this.kept.length = 0;
    return this.source.close();
  }

  private async picture(index: number): Promise<Uint8Array> {
    // Also ends a batch under way, of which nobody wants the rest.
    if (this.closed) throw closedError();
    const known = this.kept[index];
    if (known) return known;
    const stored = await this.source.read(index);
    const made = await toForm(stored, this.form, this.source.nameOf(index));
    if (this.room > 0 && !this.kept[index]) {
      this.kept[index] = made;
      this.room--;
    }
    return made;
  }

  private checked(index: number): number {
    if (Number.isInteger(index) && index >= 0 && index < this.count) return index;
    throw new RangeError(`data set: expected an index below ${this.count}, got ${index}`);
  }
}

function resizingOf({ resize, fit, filter }: Form): string {
  if (!resize) return "as they are";
  return fit === "pad" ? "padded with black" : `${filter}, centre crop`;
}
