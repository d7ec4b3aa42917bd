// Where the worker's script lies: beside the modules here, in the sources as in the build.

import { existsSync } from "node:fs";
import { FollowspotError } from "../../core/errors.js";

/**
 * The script beside a module of this folder, whose address (`import.meta.url`) some bundlers leave undefined.
 *
 * @throws FollowspotError where there is none, as in a bundle
 */
export function workerScript(module: string | undefined): URL {
  const entry = module?.endsWith(".ts") ? "./worker-from-source.js" : "./worker-entry.js";
  const script = module === undefined ? undefined : new URL(entry, module);
  if (script && existsSync(script)) return script;
  throw new FollowspotError(
    `worker: expected its script beside the library, got none${script ? ` at ${script.href}` : ""}.`,
    {
      remedy:
        "A bundle leaves it out: mark followspot as external in the bundler's configuration, so that it stays in node_modules.",
    },
  );
}
