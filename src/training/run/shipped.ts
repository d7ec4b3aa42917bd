// Files that ship with the package, so that its configurations work from any folder.

import { existsSync } from "node:fs";
import { cp, realpath } from "node:fs/promises";
import { join } from "node:path";
import { findPackageRoot } from "../../io/package-root.js";

/** A path as given if something is there, else the same path in the package, else as given. */
export function shippedPath(path: string): string {
  if (existsSync(path)) return path;
  const root = findPackageRoot();
  const shipped = root && join(root, path);
  return shipped && existsSync(shipped) ? shipped : path;
}

/** Copies a model's files into a folder, those that links lead to too; one that is not there is looked for in the package. */
export async function copyModel(model: string, into: string): Promise<void> {
  await cp(await realpath(shippedPath(model)), into, { recursive: true, dereference: true });
}
