// A model's files at an address, by fetch: the source of models in browsers.

import { FollowspotError } from "../core/errors.js";
import { memoryBytes } from "./byte-source.js";
import type { ByteSource } from "./byte-source.js";
import type { ModelSource } from "./model-source.js";

/** How far a file has come. */
export interface FetchProgress {
  readonly file: string;
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all; absent where the server does not say. */
  readonly total?: number;
}

/** How files are fetched. */
export interface UrlSourceOptions {
  /** In place of the global one: for a token, a cache, a test. */
  readonly fetch?: typeof fetch;
  /** Told as the bytes of files arrive. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Stops what is being fetched, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What servers answer where there is no such file; stores of files say 403 for it. */
const ABSENT = new Set([403, 404, 410]);
/** HEAD is what a few servers do not know. */
const NO_SUCH_METHOD = new Set([405, 501]);

/**
 * The files of a model's folder on a server, each fetched whole, once:
 * `urlSource("/models/stage/")`, `urlSource("https://huggingface.co/ORG/NAME/resolve/main/")`.
 *
 * Its methods throw FollowspotError naming the address that gave no such file; the signal's reason.
 */
export function urlSource(address: string | URL, options: UrlSourceOptions = {}): ModelSource {
  const base = folderAddress(address);
  const held = new Map<string, Promise<ByteSource>>();
  return {
    name: base.href.replace(/\/$/, ""),
    has: (file) => exists(new URL(file, base), options),
    open(file) {
      const known = held.get(file);
      if (known) return known;
      const fetched = fetchFile(file, new URL(file, base), options);
      held.set(file, fetched);
      // What failed may be asked for again.
      fetched.catch(() => held.delete(file));
      return fetched;
    },
  };
}

function folderAddress(address: string | URL): URL {
  const page = typeof location === "undefined" ? undefined : location.href;
  const url = new URL(address, page);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

async function ask(url: URL, method: string, options: UrlSourceOptions): Promise<Response> {
  const { fetch: get = fetch, signal } = options;
  try {
    return await get(url, { method, signal: signal ?? null });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new FollowspotError(
      `model: ${url.href}: expected an answer, got none (${(cause as Error).message}).`,
      { cause, remedy: "Check the address, and that its server allows this page (CORS)." },
    );
  }
}

/** Servers of single-page programs answer with their page where they have no file. */
function isFile(response: Response): boolean {
  return response.ok && !/^text\/html/i.test(response.headers.get("content-type") ?? "");
}

async function exists(url: URL, options: UrlSourceOptions): Promise<boolean> {
  const head = await ask(url, "HEAD", options);
  if (!NO_SUCH_METHOD.has(head.status)) return isThere(url, head);
  const whole = await ask(url, "GET", options);
  await whole.body?.cancel();
  return isThere(url, whole);
}

/** @throws FollowspotError where the server does not say: without a file that is there another picture would be drawn */
function isThere(url: URL, response: Response): boolean {
  if (response.ok || ABSENT.has(response.status)) return isFile(response);
  throw new FollowspotError(
    `model: ${url.href}: expected to learn whether the file is there, got status ${response.status}.`,
    { remedy: "Try again." },
  );
}

async function fetchFile(file: string, url: URL, options: UrlSourceOptions): Promise<ByteSource> {
  const response = await ask(url, "GET", options);
  if (!isFile(response)) {
    const got = response.ok ? "a page" : `status ${response.status}`;
    throw new FollowspotError(`model: ${url.href}: expected the file, got ${got}.`);
  }
  const bytes = await bodyOf(file, response, options).catch((cause: unknown) => {
    options.signal?.throwIfAborted();
    const message = (cause as Error).message;
    throw new FollowspotError(`model: ${url.href}: expected the whole file, got ${message}.`, {
      cause,
      remedy: "Try again.",
    });
  });
  return memoryBytes(url.href, bytes);
}

async function bodyOf(
  file: string,
  response: Response,
  { onProgress }: UrlSourceOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  // The length counts what is sent, which is not the file's where that is compressed. Another origin's server need not
  // let a page see that it is: then more comes than was told.
  const { headers } = response;
  const sent = headers.get("content-encoding") ? null : headers.get("content-length");
  const total = sent === null ? undefined : Number(sent);
  const pieces: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  for (let next = await reader?.read(); next && !next.done; next = await reader!.read()) {
    pieces.push(next.value);
    loaded += next.value.length;
    onProgress?.({ file, loaded, ...(total !== undefined && loaded <= total && { total }) });
  }
  if (total !== undefined && loaded < total) throw new Error(`${loaded} of ${total} bytes`);
  const bytes = new Uint8Array(loaded);
  pieces.reduce((at, piece) => (bytes.set(piece, at), at + piece.length), 0);
  return bytes;
}
