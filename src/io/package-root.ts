// The folder of this package, found from this module: the same from the sources and from the build.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NAME = "followspot";

function isRoot(folder: string): boolean {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest)) return false;
  const { name } = JSON.parse(readFileSync(manifest, "utf8")) as { name?: unknown };
  return name === NAME;
}

/** The nearest folder above `module` (a file URL) whose package.json is ours, if there is one. */
export function findPackageRoot(module: string = import.meta.url): string | undefined {
  let folder = dirname(fileURLToPath(module));
  while (!isRoot(folder)) {
    const above = dirname(folder);
    if (above === folder) return undefined;
    folder = above;
  }
  return folder;
}
