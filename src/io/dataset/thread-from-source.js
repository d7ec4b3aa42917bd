// Starts thread-entry.ts from the sources: a new thread does not have the main thread's TypeScript loader.

import { register } from "tsx/esm/api";

register();
await import("./thread-entry.ts");
