// A model's files in a folder, links resolved: the source of models in Node.

import { fileBytes } from "./file-bytes.js";
import { findModelFile, resolveModelFile } from "./model-folder.js";
import type { ModelSource } from "./model-source.js";

/** The files of a model's folder, by their real paths: ONNX Runtime opens no weights behind a link. */
export function folderSource(folder: string): ModelSource {
  return {
    name: folder,
    has: async (file) => (await findModelFile(folder, file)) !== undefined,
    open: async (file) => fileBytes(await resolveModelFile(folder, file), "model"),
  };
}
