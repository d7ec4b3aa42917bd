// Files that ship with the package, so that its configurations work from any folder.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { findPackageRoot } from "../../io/package-root.js";

/** A path as given if something is there, else the same path in the package, else as given. */
export function shippedPath(path: string): string {
  if (existsSync(path)) return path;
  const root = findPackageRoot();
  const shipped = root && join(root, path);
  return shipped && existsSync(shipped) ? shipped : path;
}
