// PyTorch's results for the engine's cases, read whole.

import { fileURLToPath } from "node:url";
import type { HostTensor } from "../../src/core/tensor.js";
import { openSafetensors } from "../../src/io/safetensors.js";

/** All tensors of a file of test/golden/engine, by name. */
export async function readGoldens(file: string): Promise<Map<string, HostTensor<"float32">>> {
  const path = fileURLToPath(new URL(`../golden/engine/${file}`, import.meta.url));
  const opened = await openSafetensors(path);
  const goldens = new Map<string, HostTensor<"float32">>();
  for (const name of opened.tensors.keys()) goldens.set(name, await opened.readFloat32(name));
  return goldens;
}
