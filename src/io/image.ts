// Image files in Node, by sharp: any common format to RGB bytes.

import { readFile } from "node:fs/promises";

import sharp from "sharp";
import type { Sharp } from "sharp";

import { FollowspotError } from "../core/errors.js";
import { fileError } from "./file-error.js";

/** A picture in memory: 8 bits per channel, red, green and blue of each pixel, rows from the top. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Pixels of the largest picture that is read; a file that claims more is refused. */
const PIXELS_MAX = 1e8;

/** Throws FollowspotError when the bytes are not of the picture's size. */
export function refuseOtherSize({ width, height, data }: Picture): void {
  const whole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (whole && data.length === width * height * 3) return;
  throw new FollowspotError(
    `picture: expected 3 bytes per pixel of ${width}x${height}, got ${data.length} bytes.`,
  );
}

/** sharp's view of a picture. Throws FollowspotError when the bytes are not of its size. */
export function sharpOf({ width, height, data }: Picture): Sharp {
  refuseOtherSize({ width, height, data });
  return sharp(data, { raw: { width, height, channels: 3 }, limitInputPixels: PIXELS_MAX });
}

/** The RGB bytes of whatever sharp holds. */
export async function pictureOf(image: Sharp): Promise<Picture> {
  const { data, info } = await image
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/**
 * The RGB bytes of an image file (PNG, JPEG, WebP, GIF, AVIF, TIFF, SVG) or of its content: upright
 * by its EXIF orientation, transparent parts on white, 16 bits cut to 8.
 *
 * Throws FollowspotError for a missing, damaged or unknown file, or one of more than 10^8 pixels.
 */
export async function decodeImage(source: string | Uint8Array): Promise<Picture> {
  const name = typeof source === "string" ? source : "picture";
  try {
    // Read here, since libvips keeps files that it opens by path and may give an older content.
    const bytes = typeof source === "string" ? await readFile(source) : source;
    const image = sharp(bytes, { limitInputPixels: PIXELS_MAX });
    return await pictureOf(image.autoOrient().flatten({ background: "white" }));
  } catch (error) {
    const told = fileError("image", name, error);
    if (told instanceof FollowspotError) throw told;
    const message = (error as Error).message.trim().split("\n").at(-1)!;
    throw new FollowspotError(`image: ${name}: expected an image file, got ${message}.`, {
      remedy: "Use a whole PNG, JPEG or WebP file.",
      cause: error,
    });
  }
}
