// Serves the test page on the loopback: the bundled page, onnxruntime-web's files and the external constants.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { basename, dirname, extname, join } from "node:path";
import { contractFile } from "../../../src/engine/runtime/contract.js";

const ORT_FOLDER = dirname(
  createRequire(import.meta.url).resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"),
);

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

// Threads need shared memory, which browsers give only to pages that are isolated from other origins.
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Folders served whole, by the first part of their address. */
export type ServedFolders = Readonly<Record<string, string>>;

async function contentOf(
  path: string,
  bundle: string,
  folders: ServedFolders,
): Promise<Uint8Array | string> {
  const [, first = "", ...rest] = path.split("/");
  if (folders[first] !== undefined) return readFile(join(folders[first], ...rest));
  if (path === "/index.html")
    return '<!doctype html><script type="module" src="/page.js"></script>';
  if (path === "/constants.bin") return contractFile;
  return readFile(join(path.startsWith("/ort/") ? ORT_FOLDER : bundle, basename(path)));
}

/** Serves the page bundled in folder `bundle`, and other folders; gives the server and its address. */
export async function serve(
  bundle: string,
  folders: ServedFolders = {},
): Promise<{ server: Server; address: string }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://localhost");
    contentOf(pathname, bundle, folders).then(
      (content) => {
        const type = TYPES[extname(pathname)] ?? "application/octet-stream";
        response.writeHead(200, { ...ISOLATION, "Content-Type": type }).end(content);
      },
      () => response.writeHead(404, ISOLATION).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { server, address: `http://127.0.0.1:${port}/index.html` };
}
