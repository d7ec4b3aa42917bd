// From the paths of pictures to classes: `class/picture` each, or no folders at all.

import { FollowspotError } from "../../core/errors.js";

const PICTURE = /\.(?:png|jpe?g|webp|gif|avif|tiff?)$/i;
// What systems and archivers leave beside pictures.
const LITTER = /(?:^|\/)(?:\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(?:\/|$)/;

export interface Layout {
  /** Paths of the pictures, sorted; with `/` between folder and name. */
  readonly paths: readonly string[];
  readonly classes?: readonly string[];
  readonly labels?: Int32Array;
}

/** Whether a path is that of a picture, by its ending. */
export function isPicture(path: string): boolean {
  return PICTURE.test(path) && !LITTER.test(path);
}

/** Whether a path is none of the data's business. */
export function isLitter(path: string): boolean {
  return LITTER.test(path);
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The classes and labels that paths tell; files that are no pictures by their ending are passed over.
 *
 * @param files paths of all files, relative to `root`, with `/`
 * @param folders paths of the folders directly in `root`, as far as known
 * @throws FollowspotError when there are no pictures, when they lie deeper than one folder, both in
 *   folders and beside them, or when a folder has none
 */
export function layoutOf(
  root: string,
  files: readonly string[],
  folders: readonly string[] = [],
): Layout {
  const paths = files.filter(isPicture).sort(byCode);
  if (paths.length === 0) throw noPictures(root, files.length);
  const deep = paths.find((path) => path.split("/").length > 2);
  if (deep !== undefined) {
    throw refusal(
      `${root}: expected class/picture, got ${deep}`,
      "Give the folder that holds the class folders, or make each class one folder.",
    );
  }
  const inFolder = paths.find((path) => path.includes("/"));
  const folder = inFolder ?? folders.find((name) => !isLitter(name));
  if (folder === undefined) return { paths };
  const loose = paths.find((path) => !path.includes("/"));
  if (loose !== undefined) {
    throw refusal(
      `${root}: expected pictures in class folders or no folders, got ${loose} beside ${folder}`,
      "Move each picture into the folder of its class, or remove the folders.",
    );
  }
  return { paths, ...classesOf(root, paths, folders) };
}

function classesOf(
  root: string,
  paths: readonly string[],
  folders: readonly string[],
): Required<Omit<Layout, "paths">> {
  const found = paths.map((path) => path.slice(0, path.indexOf("/")));
  const classes = [...new Set(found)].sort(byCode);
  const numbers = new Map(classes.map((name, i) => [name, i]));
  const empty = folders.find((name) => !isLitter(name) && !numbers.has(name));
  if (empty !== undefined) {
    throw refusal(
      `${root}: expected pictures in every class folder, got none in ${empty}/`,
      "Remove the folder, or put its pictures there.",
    );
  }
  return { classes, labels: Int32Array.from(found, (name) => numbers.get(name)!) };
}

function noPictures(root: string, files: number): FollowspotError {
  const got = files === 0 ? "no files" : `${files} other files`;
  return refusal(
    `${root}: expected pictures (PNG, JPEG, WebP, GIF, AVIF or TIFF), got ${got}`,
    "Give a folder or a zip of pictures, flat or with one folder for each class.",
  );
}

function refusal(problem: string, remedy: string): FollowspotError {
  return new FollowspotError(`data set: ${problem}.`, { remedy });
}
