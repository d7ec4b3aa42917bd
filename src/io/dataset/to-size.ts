// One picture as a set hands it out: square, of one size, grey or colour.

import { FollowspotError } from "../../core/errors.js";
import { decodeImage, pictureOf, sharpOf } from "../image.js";
import type { Picture } from "../image.js";
import type { ResizeFilter } from "./dataset.js";
import type { GreyPicture, StoredPicture } from "./source.js";

export interface Form {
  /** Side in pixels. */
  readonly size: number;
  readonly channels: 1 | 3;
  readonly fit: "cover" | "pad";
  readonly filter: ResizeFilter;
  /** Whether pictures may have another size than `size`. */
  readonly resize: boolean;
}

/** Width and height of a stored picture; an image file is decoded for it. Throws as decodeStored. */
export async function sidesOf(stored: StoredPicture, name: string): Promise<[number, number]> {
  const { width, height } = "width" in stored ? stored : await decodeStored(stored, name);
  return [width, height];
}

/**
 * The bytes [size, size, channels] of a picture.
 *
 * Throws FollowspotError when it is damaged, of another size where that is not to be changed, or too
 * large to be set into the middle.
 */
export async function toForm(stored: StoredPicture, form: Form, name: string): Promise<Uint8Array> {
  const { size, channels, fit, filter, resize } = form;
  let picture = "width" in stored ? stored : await decodeStored(stored, name);
  if (picture.width !== size || picture.height !== size) {
    if (!resize) throw otherSize(picture, size, name);
    if (fit === "pad") return padded(withChannels(picture, channels), picture, form, name);
    const position = { fit: "cover", position: "centre", kernel: filter } as const;
    picture = await pictureOf(sharpOf(inColour(picture)).resize(size, size, position));
  }
  return withChannels(picture, channels);
}

async function decodeStored(bytes: Uint8Array, name: string): Promise<Picture> {
  try {
    return await decodeImage(bytes);
  } catch (cause) {
    const { message } = cause as Error;
    const reason = /, got (.*?)\. Use/.exec(message)?.[1] ?? message;
    throw new FollowspotError(`data set: ${name}: expected a whole picture, got ${reason}.`, {
      remedy: "Put a whole file of the same name in its place.",
      cause,
    });
  }
}

const inColour = (picture: Picture | GreyPicture): Picture =>
  "data" in picture
    ? picture
    : { width: picture.width, height: picture.height, data: withChannels(picture, 3) };

/** Bytes with one or three channels; grey from colour by the weights of Rec. 601. */
function withChannels(picture: Picture | GreyPicture, channels: 1 | 3): Uint8Array {
  if ("grey" in picture) {
    if (channels === 1) return picture.grey;
    return Uint8Array.from({ length: picture.grey.length * 3 }, (_, i) => {
      return picture.grey[Math.floor(i / 3)]!;
    });
  }
  const { data } = picture;
  if (channels === 3) return data;
  return Uint8Array.from({ length: data.length / 3 }, (_, i) => {
    const [red, green, blue] = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!];
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  });
}

/** The picture in the middle of black; an odd pixel more goes below and to the right. */
function padded(
  data: Uint8Array,
  { width, height }: { readonly width: number; readonly height: number },
  { size, channels }: Form,
  name: string,
): Uint8Array {
  if (width > size || height > size) {
    throw new FollowspotError(
      `data set: ${name}: expected at most ${size}x${size} to pad, got ${width}x${height}.`,
      { remedy: "Ask for a larger size, or for pictures that are scaled and cropped." },
    );
  }
  const top = Math.floor((size - height) / 2);
  const left = Math.floor((size - width) / 2);
  const result = new Uint8Array(size * size * channels);
  for (let row = 0; row < height; row++) {
    const line = data.subarray(row * width * channels, (row + 1) * width * channels);
    result.set(line, ((top + row) * size + left) * channels);
  }
  return result;
}

function otherSize(
  { width, height }: { readonly width: number; readonly height: number },
  size: number,
  name: string,
): FollowspotError {
  return new FollowspotError(
    `data set: ${name}: expected ${size}x${size} like the first picture, got ${width}x${height}.`,
    { remedy: "Say which size all are to be brought to, or remove it." },
  );
}
