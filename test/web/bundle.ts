// The package as it is built, and the modules that one of its doors reaches.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import config from "../../tsdown.config.js";
import { bundlePage } from "../runtime/browser/browser.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Builds the package into `folder` as `npm run build` does: all of it, since entries share helpers. */
export async function buildPackage(folder: string): Promise<void> {
  await build({
    ...config,
    config: false,
    cwd: ROOT,
    outDir: folder,
    dts: false,
    logLevel: "warn",
    report: false,
  });
}

/** Bundles page.ts for browsers into `folder`, with the built package in `packageFolder` in place of its sources. */
export async function bundleWebPage(folder: string, packageFolder: string): Promise<void> {
  const built = join(packageFolder, "web.js");
  const useBuild = {
    name: "use-build",
    resolveId: (id: string) => (id === "../../src/web.js" ? built : null),
  };
  await bundlePage(folder, new URL("page.ts", import.meta.url), [useBuild]);
}

/** Static imports, re-exports and dynamic imports in a module's text. */
const IMPORTS = /\b(?:from|import)\s*\(?\s*["']([^"']+)["']/g;

export interface ModuleGraph {
  /** Texts of the modules by their paths in the build. */
  readonly modules: ReadonlyMap<string, string>;
  /** What is imported that is no module of the build, sorted. */
  readonly foreign: readonly string[];
}

/** All that a built entry reaches. */
export function walkModules(folder: string, entry: string): ModuleGraph {
  const modules = new Map<string, string>();
  const foreign = new Set<string>();
  const visit = (path: string): void => {
    const name = relative(folder, path);
    if (modules.has(name)) return;
    const text = readFileSync(path, "utf8");
    modules.set(name, text);
    for (const [, specifier] of text.matchAll(IMPORTS)) {
      const target = join(dirname(path), specifier!);
      if (specifier!.startsWith(".") && existsSync(target)) visit(target);
      else foreign.add(specifier!);
    }
  };
  visit(join(folder, entry));
  return { modules, foreign: [...foreign].sort() };
}
