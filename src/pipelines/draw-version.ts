// The programs that draw, as recipes carry them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "onnxruntime-node";
import { findPackageRoot } from "../io/package-root.js";
import type { Recipe } from "./recipe.js";

/** The version in package.json; "0.0.0" where the package has none, as in a bundle. */
export function packageVersion(): string {
  const root = findPackageRoot();
  if (!root) return "0.0.0";
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}

/** Programs that would draw here. */
export const programVersions = (): Recipe["versions"] => ({
  followspot: packageVersion(),
  onnxruntime: env.versions.node ?? env.versions.common,
});
