// Text to image in a browser: a model from an address or another source of files, on onnxruntime-web.

import { webRuntime } from "../engine/runtime/web.js";
import type { WebOptions, WebProvider } from "../engine/runtime/web.js";
import type { ByteSource } from "../io/byte-source.js";
import type { ModelSource } from "../io/model-source.js";
import { urlSource } from "../io/model-source-url.js";
import type { FetchProgress, UrlSourceOptions } from "../io/model-source-url.js";
import { sharingSource } from "../io/model-source-sharing.js";
import { readPipelineModel } from "./text-to-image-model.js";
import { otherUNets } from "./text-to-image-unets.js";
import { openPart } from "./text-to-image-weights.js";
import { openParts, TextToImagePipeline } from "./text-to-image-pipeline.js";
import type { OpenOptions } from "./text-to-image-pipeline.js";

/** How a model is opened in a browser. Its `signal` holds for loading alone. */
export interface WebLoadOptions
  extends Omit<OpenOptions, "runtime">, Pick<WebOptions, "wasmPaths"> {
  /** "wasm" when absent; "webgpu" where the browser has it. */
  readonly provider?: WebProvider;
  /** Told as a model's files arrive from an address. */
  readonly onProgress?: (progress: FetchProgress) => void;
}

/**
 * Loads a text-to-image model in a browser: from the address of a diffusers folder
 * (`"/models/stage/"`, `"https://huggingface.co/ORG/NAME/resolve/main/"`), or from any ModelSource. All
 * weights are in memory afterwards. Drawing with "wasm" blocks the thread it runs in: do it in a Web Worker.
 *
 * Needs the optional peer dependency onnxruntime-web.
 *
 * @throws FollowspotError naming the file that is missing or damaged; the signal's reason
 */
export async function loadPipeline(
  model: string | URL | ModelSource,
  options: WebLoadOptions = {},
): Promise<TextToImagePipeline> {
  const { provider = "wasm", wasmPaths, onProgress, signal: asked, ...opening } = options;
  // A time limit of loading is none of drawing.
  const loading = new AbortController();
  const { signal } = loading;
  const abort = (): void => loading.abort(asked?.reason);
  if (asked?.aborted) abort();
  asked?.addEventListener("abort", abort);
  const isAddress = typeof model === "string" || model instanceof URL;
  const { remembering, readFile } = remember(
    isAddress ? addressed(model, { signal, ...(onProgress && { onProgress }) }) : model,
  );
  const runtime = webRuntime(provider, {
    readFile,
    ...(wasmPaths === undefined ? {} : { wasmPaths }),
  });
  try {
    const read = await readPipelineModel(remembering);
    const parts = await openParts(read, { ...opening, signal, runtime });
    // Networks of short runs are opened when they are first asked for, which may be without a connection.
    await Promise.all(otherUNets(read.unets).map((part) => openPart(remembering, part)));
    return new TextToImagePipeline(read, parts);
  } finally {
    asked?.removeEventListener("abort", abort);
  }
}

/** A model at an address; what a student leaves out, at its teacher's beside it. */
function addressed(address: string | URL, options: UrlSourceOptions): ModelSource {
  const source = urlSource(address, options);
  const beside = (name: string): ModelSource =>
    urlSource(new URL(`../${encodeURIComponent(name)}/`, `${source.name}/`), options);
  return sharingSource(source, beside);
}

/** A source whose opened files are found again by their paths, as the runtime asks for them. */
function remember(source: ModelSource) {
  const opened = new Map<string, ByteSource>();
  const remembering: ModelSource = {
    name: source.name,
    has: (file) => source.has(file),
    async open(file) {
      const bytes = await source.open(file);
      opened.set(bytes.path, bytes);
      return bytes;
    },
  };
  const readFile = async (path: string): Promise<Uint8Array> => {
    const bytes = opened.get(path);
    if (!bytes) throw new Error(`model: expected a file that was opened, got ${path}`);
    return bytes.read(0, bytes.size);
  };
  return { remembering, readFile };
}
