// The version of this package, as recipes carry it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findPackageRoot } from "../io/package-root.js";

/** The version in package.json; "0.0.0" where the package has none, as in a bundle. */
export function packageVersion(): string {
  const root = findPackageRoot();
  if (!root) return "0.0.0";
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
