// One file from the hub into a blob of the cache: resumed where it stopped, checked, and there only when whole.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat, statfs } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

import { FollowspotError } from "../core/errors.js";
import { fileError } from "./file-error.js";
import { pause, reasonOf } from "./hub-client.js";
import type { HubFile } from "./hub-client.js";
import type { Held } from "./hub-lock.js";

/** What a transfer needs to know. */
export interface Transfer {
  /** For messages. */
  readonly name: string;
  /** Where the blob goes; unfinished, it bears ".incomplete" after its name. */
  readonly path: string;
  readonly etag: string;
  readonly size: number | undefined;
  /** The file's address, asked for anew at each try, since signed addresses expire. */
  readonly locate: () => Promise<HubFile>;
  readonly headersFor: (url: string) => Record<string, string>;
  /** Told how many bytes are there. */
  readonly onBytes: (done: number) => void;
  readonly signal: AbortSignal | undefined;
  /** Asked before anything on the disk is changed. */
  readonly held: Held;
  /** Milliseconds before the second try; doubled for each one after that brought nothing. */
  readonly waitMs: number;
}

/** Tries that bring nothing, until it is given up. */
const TRIES = 5;
/** Milliseconds without a byte after which a connection counts as dead. */
const PATIENCE = 30_000;

/**
 * Fetches a blob.
 *
 * Throws FollowspotError when the disk is full, the connection keeps failing (what came is kept for the next
 * time) or the bytes are not those that the hub announced (they are deleted); the signal's reason.
 */
export async function transfer(options: Transfer): Promise<void> {
  const partial = `${options.path}.incomplete`;
  const had = await sizeOf(partial);
  if (options.size !== undefined && had > options.size) await rm(partial, { force: true });
  await checkSpace(options, await sizeOf(partial));
  let failures = 0;
  while (!(await isWhole(partial, options))) {
    const before = await sizeOf(partial);
    const failure = await receive(partial, before, options).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (error instanceof FollowspotError) throw error;
      return error;
    });
    const after = await sizeOf(partial);
    if (after > (options.size ?? (failure ? Infinity : -1))) break;
    failures = after > before ? 0 : failures + 1;
    if (failures === TRIES) throw broken(options, after, failure);
    if (failure) await pause(options.waitMs * 2 ** failures, options.signal);
  }
  await checkDigest(partial, options);
  await options.held();
  await rename(partial, options.path);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function isWhole(partial: string, { size }: Transfer): Promise<boolean> {
  if (size === undefined) return false;
  if (size > 0) return (await sizeOf(partial)) === size;
  await (await open(partial, "a")).close();
  return true;
}

async function checkSpace({ name, path, size = 0 }: Transfer, done: number): Promise<void> {
  const folder = dirname(path);
  const info = await statfs(folder).catch(() => undefined);
  const free = info ? info.bavail * info.bsize : Infinity;
  if (free >= size - done) return;
  const mega = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  throw new FollowspotError(
    `hub: ${name}: expected ${mega(size - done)} free in ${folder}, got ${mega(free)}.`,
    { remedy: "Free some space, or set HF_HOME to a folder on another disk." },
  );
}

/** Receives what is missing after `start` bytes; gives the reason when the connection broke, and throws others. */
async function receive(partial: string, start: number, options: Transfer): Promise<unknown> {
  const { url } = await options.locate();
  const idle = new AbortController();
  const { signal } = options;
  const range: Record<string, string> = start > 0 ? { range: `bytes=${start}-` } : {};
  const timer = setTimeout(() => idle.abort(new Error("no data for 30 s")), PATIENCE);
  try {
    const response = await fetch(url, {
      headers: { ...options.headersFor(url), ...range },
      signal: signal ? AbortSignal.any([signal, idle.signal]) : idle.signal,
    });
    if (response.status === 416) {
      // What is there is not the beginning of this file.
      await response.body?.cancel();
      await rm(partial, { force: true });
      return undefined;
    }
    if (!response.ok) return new Error(`status ${response.status}`);
    const isRest = response.status === 206;
    await append(partial, isRest ? start : 0, response, options, () => timer.refresh());
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

async function append(
  partial: string,
  start: number,
  response: Response,
  { onBytes, size, held }: Transfer,
  onPiece: () => void,
): Promise<void> {
  const refuse = (error: unknown): never => {
    throw fileError("hub", partial, error);
  };
  const file = await open(partial, start > 0 ? "a" : "w").catch(refuse);
  try {
    let done = start;
    for await (const piece of response.body ?? []) {
      onPiece();
      await held();
      await writeAll(file, piece).catch(refuse);
      onBytes((done += piece.length));
      if (size !== undefined && done > size) return;
    }
    await file.sync().catch(refuse);
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length;) at += (await file.write(piece, at)).bytesWritten;
}

/** Compares what lies on the disk with the blob's name: sha256 of large files, git's digest of others. */
async function checkDigest(partial: string, { name, etag, size, held }: Transfer): Promise<void> {
  const got = await sizeOf(partial);
  let problem = size !== undefined && got !== size ? `${size} bytes, got ${got}` : undefined;
  const hash = /^[0-9a-f]{64}$/.test(etag)
    ? createHash("sha256")
    : /^[0-9a-f]{40}$/.test(etag)
      ? createHash("sha1").update(`blob ${got}\0`)
      : undefined;
  if (!problem && hash) {
    for await (const piece of createReadStream(partial)) hash.update(piece as Buffer);
    const digest = hash.digest("hex");
    if (digest !== etag) problem = `the digest ${etag}, got ${digest}`;
  }
  if (!problem) return;
  await held();
  await rm(partial, { force: true });
  throw new FollowspotError(`hub: ${name}: expected ${problem}; what came was deleted.`, {
    remedy: "Try again. If it happens again, a proxy or mirror on the way changes files.",
  });
}

function broken({ name, size }: Transfer, done: number, cause: unknown): FollowspotError {
  const told = size === undefined ? "its end" : `${size} bytes`;
  const reason = cause ? ` (${reasonOf(cause)})` : "";
  return new FollowspotError(`hub: ${name}: expected ${told}, got ${done} bytes${reason}.`, {
    cause,
    remedy: "Try again: what came is kept, and the download goes on from there.",
  });
}
