// Build: ES modules and type declarations. Files mirror src/, so that paths relative to a module
// (worker scripts, models/stage) are the same in the package as in the sources.
import { defineConfig } from "tsdown";

export default defineConfig({
  entry: [
    ...["src/index.ts", "src/web.ts", "src/cli/main.ts"],
    ...["src/engine/runtime/worker-entry.ts", "src/io/dataset/thread-entry.ts"],
  ],
  root: "src",
  format: "esm",
  // For Node, rolldown's helpers import node:module, which browsers lack; Node's modules are imported all the same.
  platform: "neutral",
  deps: { neverBundle: [/^node:/] },
  target: "node20.19",
  outDir: "dist",
  unbundle: true,
  dts: true,
  sourcemap: false,
  fixedExtension: false, // .js, as package.json's exports say
  clean: true,
});
