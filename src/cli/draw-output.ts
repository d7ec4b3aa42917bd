// Names of the files that drawing writes, settled before the work begins.
import { access, constants, stat } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { FollowspotError } from "../core/errors.js";
import { fileError, systemCode } from "../io/file-error.js";
import type { DrawnImage } from "../pipelines/draw-request.js";

export interface OutputChoice {
  /** What -o gave: a file, a folder that exists or ends in "/", or nothing. */
  output?: string | undefined;
  prompt: string;
  seeds: readonly bigint[];
}

/**
 * The picture's file for each seed. A file that -o names is replaced; a name made here is always new.
 *
 * @throws FollowspotError if the place cannot hold PNG files
 */
export async function chooseFiles({ output, prompt, seeds }: OutputChoice): Promise<string[]> {
  const isFolder = output !== undefined && (/[/\\]$/.test(output) || (await isDirectory(output)));
  if (output === undefined || isFolder) {
    await checkFolder(output ?? ".");
    const stems = seeds.map((seed) => join(output ?? "", `${slug(prompt)}-${seed}`));
    return Promise.all(stems.map((stem) => unusedFile(stem)));
  }
  if (extname(output).toLowerCase() !== ".png") {
    throw new FollowspotError(`--output: expected a name that ends in .png, got "${output}".`);
  }
  await checkFolder(dirname(output));
  if (seeds.length === 1) return [output];
  return seeds.map((seed) => beside(output, String(seed), "-"));
}

/**
 * The files of a picture's images, in their order: scene.png, scene.compare.png, scene.heatmap-cube.png. Words that
 * give the same name are counted.
 */
export function imageFiles(
  file: string,
  images: readonly Pick<DrawnImage, "role" | "word">[],
): string[] {
  const taken = new Set<string>();
  return images.map(({ role, word }) => {
    if (role === "picture") return file;
    const addition = word === undefined ? role : `${role}-${slug(word)}`;
    let path = beside(file, addition, ".");
    for (let count = 2; taken.has(path); count++) path = beside(file, `${addition}-${count}`, ".");
    taken.add(path);
    return path;
  });
}

const beside = (file: string, addition: string, separator: string): string => {
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}${separator}${addition}${extension}`;
};

/** Bytes of UTF-8: two slugs, a seed and endings must fit into the 255 of a file's name. */
const MAX_SLUG = 90;

/** Letters, digits and hyphens of a text, fit for a file's name everywhere. */
const slug = (text: string): string => {
  const hyphened = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-");
  return cut(hyphened, MAX_SLUG).replace(/^-+|-+$/g, "") || "picture";
};

/** The start of a text in whole characters that take at most so many bytes. */
function cut(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

const exists = async (path: string): Promise<boolean> => (await kindOf(path)) !== "nothing";
const isDirectory = async (path: string): Promise<boolean> => (await kindOf(path)) === "folder";

async function kindOf(path: string): Promise<"nothing" | "folder" | "other"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "other";
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "nothing";
    // Below a file there is nothing, and can be nothing.
    if (systemCode(error) === "ENOTDIR") return "other";
    throw fileError("--output", path, error);
  }
}

async function unusedFile(stem: string): Promise<string> {
  for (let count = 1; ; count += 1) {
    const file = count === 1 ? `${stem}.png` : `${stem}-${count}.png`;
    if (!(await exists(file))) return file;
  }
}

/** A wrong place is told before the work, not after it. Folders that are missing are made later. */
async function checkFolder(folder: string): Promise<void> {
  let place = folder;
  while ((await kindOf(place)) === "nothing" && dirname(place) !== place) place = dirname(place);
  if (!(await isDirectory(place))) {
    throw new FollowspotError(`--output: expected a folder, got "${place}".`);
  }
  await access(place, constants.W_OK).catch((error: unknown) => {
    throw fileError("--output", place, error);
  });
}
