// Every relative link and picture of the pages leads somewhere: to a file, and to a heading where it names one.

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
/** Folders whose pages are the project's. */
const FOLDERS = ["docs", "configs", "examples", "models"];

async function pages(): Promise<string[]> {
  const top = (await readdir(ROOT)).filter((name) => name.endsWith(".md"));
  const below = await Promise.all(
    FOLDERS.map(async (folder) =>
      (await readdir(join(ROOT, folder), { recursive: true })).map((name) => join(folder, name)),
    ),
  );
  return [...top, ...below.flat()].filter((name) => name.endsWith(".md"));
}

const withoutCode = (text: string): string =>
  text
    .replace(/^```[\s\S]*?^```/gm, "")
    .replace(/`[^`\n]*`/g, (code) => code.replace(/[[\]]/g, ""));

/** A heading's anchor, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) =>
    anchorOf(heading!),
  );

/** What is wrong with a page's link, if anything. */
async function faultOf(page: string, link: string): Promise<string | undefined> {
  const [path = "", anchor] = decodeURI(link).split("#");
  const target = path === "" ? join(ROOT, page) : join(ROOT, dirname(page), path);
  if (!existsSync(target)) return `${page}: ${link}: no ${relative(ROOT, target)}`;
  if (anchor === undefined || !target.endsWith(".md")) return undefined;
  const known = anchorsOf(await readFile(target, "utf8"));
  return known.includes(anchor) ? undefined : `${page}: ${link}: no heading "${anchor}"`;
}

test("links and pictures of the pages lead to files and headings that are there", async () => {
  const faults: string[] = [];
  let links = 0;
  for (const page of await pages()) {
    const text = withoutCode(await readFile(join(ROOT, page), "utf8"));
    for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      links++;
      const fault = await faultOf(page, link!);
      if (fault !== undefined) faults.push(fault);
    }
  }
  expect(faults).toEqual([]);
  expect(links).toBeGreaterThan(100);
});
