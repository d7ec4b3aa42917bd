// A server that answers as Hugging Face's hub does: revisions, HEAD with digests, redirects to a second server with
// signed addresses for large files, ranges; and that can fail in every way a network does.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const COMMIT = "1234567890abcdef1234567890abcdef12345678";
export const TOKEN = "hf_secret";

/** What is to go wrong, changed by tests as they go. */
export interface Faults {
  /** Answers of the API and of HEAD instead of the right one. */
  refuse?: { status: number; code?: string };
  /** Only those with the token are answered. */
  isPrivate?: boolean;
  /** Bodies end after this many bytes and the connection breaks; once each time it is set. */
  breakAfter?: number | undefined;
  /** As breakAfter, at every body. */
  breakAlways?: number;
  /** Ranges are ignored, as by some proxies. */
  ignoresRange?: boolean;
  /** Bodies have a wrong byte. */
  corrupts?: boolean;
  /** The first answers are "busy". */
  busy?: number;
  /** The length that HEAD tells of large files, in place of the right one. */
  claims?: number;
  /** Milliseconds between pieces of a body. */
  slowly?: number;
}

export interface TestHub {
  readonly endpoint: string;
  /** "METHOD path range", one for each request, in order. */
  readonly log: string[];
  /** Tokens that the second server was shown: there must be none. */
  readonly leaked: string[];
  faults: Faults;
  close(): Promise<void>;
}

const LARGE = /\.safetensors$/;

function digestOf(name: string, content: Buffer): string {
  return LARGE.test(name)
    ? createHash("sha256").update(content).digest("hex")
    : createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Serves one model, `id`, with one commit that is its `main`. */
export async function startHub(
  id: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<TestHub> {
  const contents = new Map(Object.entries(files).map(([name, data]) => [name, Buffer.from(data)]));
  const hub = { log: [] as string[], leaked: [] as string[], faults: {} as Faults };

  const body = async (request: IncomingMessage, response: ServerResponse, content: Buffer) => {
    const { faults } = hub;
    const asked = faults.ignoresRange
      ? undefined
      : /bytes=(\d+)-/.exec(request.headers.range ?? "");
    const start = asked ? Number(asked[1]) : 0;
    if (start >= content.length && content.length > 0) return response.writeHead(416).end();
    const whole = faults.corrupts ? Buffer.from(content.map((byte) => byte ^ 1)) : content;
    const part = whole.subarray(start);
    const range = `bytes ${start}-${content.length - 1}/${content.length}`;
    response.writeHead(asked ? 206 : 200, {
      "content-length": part.length,
      ...(asked ? { "content-range": range } : {}),
    });
    if (request.method === "HEAD") return response.end();
    const limit = faults.breakAlways ?? faults.breakAfter;
    if (limit !== undefined && limit < part.length) {
      faults.breakAfter = undefined;
      response.write(part.subarray(0, limit), () => setTimeout(() => response.destroy(), 50));
      return;
    }
    const piece = faults.slowly === undefined ? part.length || 1 : 1000;
    for (let at = 0; at < part.length && !response.destroyed; at += piece) {
      response.write(part.subarray(at, at + piece));
      if (faults.slowly) await new Promise((resolve) => setTimeout(resolve, faults.slowly));
    }
    response.end();
  };

  const storage = createServer((request, response) => {
    hub.log.push(`GET storage ${request.headers.range ?? ""}`.trim());
    if (request.headers.authorization) hub.leaked.push(request.headers.authorization);
    const name = decodeURIComponent(new URL(request.url!, "http://x").pathname.slice(1));
    void body(request, response, contents.get(name)!);
  });
  const storageAddress = await listen(storage);

  const sizeOf = (name: string, content: Buffer): string =>
    String((LARGE.test(name) ? hub.faults.claims : undefined) ?? content.length);

  const resolve = (request: IncomingMessage, response: ServerResponse, name: string) => {
    const content = contents.get(name);
    const head = { "x-repo-commit": COMMIT };
    if (!content)
      return response.writeHead(404, { ...head, "x-error-code": "EntryNotFound" }).end();
    const etag = `"${digestOf(name, content)}"`;
    const linked = { ...head, "x-linked-etag": etag, "x-linked-size": sizeOf(name, content) };
    const location = LARGE.test(name)
      ? `${storageAddress}/${name}?signature=1`
      : `/api/resolve-cache/models/${id}/${COMMIT}/${name}`;
    return response.writeHead(LARGE.test(name) ? 302 : 307, { ...linked, location }).end();
  };

  const main = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://x");
    hub.log.push(`${request.method} ${pathname} ${request.headers.range ?? ""}`.trim());
    const { refuse, isPrivate, busy = 0 } = hub.faults;
    if (busy > 0) {
      hub.faults.busy = busy - 1;
      return void response.writeHead(503).end();
    }
    if (refuse) {
      const code = refuse.code === undefined ? {} : { "x-error-code": refuse.code };
      return void response.writeHead(refuse.status, code).end();
    }
    if (isPrivate && request.headers.authorization !== `Bearer ${TOKEN}`) {
      return void response.writeHead(401, { "x-error-code": "RepoNotFound" }).end();
    }
    const api = new RegExp(`^/api/models/${id}/revision/(main|v1|${COMMIT})$`).exec(pathname);
    if (api) {
      const siblings = [...contents.keys()].map((rfilename) => ({ rfilename }));
      const cardData = { license: "openrail" };
      response.setHeader("content-type", "application/json");
      return void response.end(JSON.stringify({ id, sha: COMMIT, siblings, cardData }));
    }
    if (pathname.startsWith(`/api/models/${id}/`)) {
      return void response.writeHead(404, { "x-error-code": "RevisionNotFound" }).end();
    }
    // A model that was renamed: answered with the way to its new name.
    if (pathname.startsWith("/api/models/old/name/")) {
      const location = pathname.replace("old/name", id);
      return void response.writeHead(307, { location }).end();
    }
    const prefix = `/${id}/resolve/${COMMIT}/`;
    if (pathname.startsWith(prefix)) {
      return void resolve(request, response, decodeURIComponent(pathname.slice(prefix.length)));
    }
    const cached = `/api/resolve-cache/models/${id}/${COMMIT}/`;
    const small = contents.get(decodeURIComponent(pathname.slice(cached.length)));
    if (pathname.startsWith(cached) && small) return void body(request, response, small);
    response.writeHead(404, { "x-error-code": "RepoNotFound" }).end();
  });
  const endpoint = await listen(main);

  const close = async (): Promise<void> => {
    for (const server of [main, storage]) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  };
  return Object.assign(hub, { endpoint, close });
}
