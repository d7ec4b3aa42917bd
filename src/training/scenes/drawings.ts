// The drawn things: pictures of a public icon set (Microsoft's Fluent Emoji, MIT), rasterised once per process.

import { createRequire } from "node:module";
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { FollowspotError } from "../../core/errors.js";
import { DRAWINGS, DRAWING_ICONS } from "./kinds.js";
import type { DrawingKind } from "./kinds.js";
import { cropSprite } from "./sprite.js";
import type { Sprite } from "./sprite.js";

const ICON_SET = "@iconify-json/fluent-emoji-flat";
const RESOLUTION = 144; // pixels along each side of an icon before cropping

/** A sprite for every drawn thing. */
export type Drawings = Readonly<Record<DrawingKind, Sprite>>;

interface IconFile {
  readonly icons: Readonly<Record<string, { readonly body: string } | undefined>>;
  readonly width: number;
  readonly height: number;
}

async function readIconFile(): Promise<IconFile> {
  try {
    const path = createRequire(import.meta.url).resolve(`${ICON_SET}/icons.json`);
    return JSON.parse(await readFile(path, "utf8")) as IconFile;
  } catch (cause) {
    throw new FollowspotError(`loadDrawings: expected the icon set ${ICON_SET}, found none.`, {
      remedy: `Install it: npm install ${ICON_SET}`,
      cause,
    });
  }
}

async function rasterise(file: IconFile, icon: string): Promise<Sprite> {
  const body = file.icons[icon]?.body;
  if (body === undefined) {
    throw new FollowspotError(
      `loadDrawings: expected the icon "${icon}" in ${ICON_SET}, found none.`,
    );
  }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${file.width} ${file.height}" width="${RESOLUTION}" height="${RESOLUTION}">${body}</svg>`;
  const { data, info } = await sharp(Buffer.from(svg))
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return cropSprite(data, info.width, info.height);
}

let loading: Promise<Drawings> | undefined;

/**
 * The drawn things as sprites; read once per process.
 *
 * @throws FollowspotError when the icon set is not installed.
 */
export function loadDrawings(): Promise<Drawings> {
  loading ??= loadAll();
  return loading;
}

async function loadAll(): Promise<Drawings> {
  const file = await readIconFile();
  const entries = DRAWINGS.map(
    async (kind) => [kind, await rasterise(file, DRAWING_ICONS[kind])] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Record<DrawingKind, Sprite>;
}
