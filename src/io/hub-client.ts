// What is asked of the hub: which files a model has, and where each of them lies
// (endpoints and headers as Python's huggingface_hub uses them).

import { FollowspotError } from "../core/errors.js";
import { timeLimited } from "../core/time-limit.js";
import type { HubSettings } from "./hub-settings.js";

/** A state of a model on the hub. */
export interface HubRevision {
  /** 40 hex digits. */
  readonly commit: string;
  /** Names of all its files. */
  readonly files: readonly string[];
  /** As its card says, such as "creativeml-openrail-m"; absent where it says none. */
  readonly licence: string | undefined;
}

/** Where a file's bytes are, and what they must be. */
export interface HubFile {
  /** The name of its blob: sha256 of large files, git's digest of others. */
  readonly etag: string;
  /** Bytes; undefined where the server does not say. */
  readonly size: number | undefined;
  /** Good for a while only: addresses of large files are signed. */
  readonly url: string;
}

const COMMIT = /^[0-9a-f]{40}$/;
/** Names of blobs become names of files: nothing but letters, digits and dashes. */
const ETAG = /^[\w-]{1,128}$/;
const REDIRECTS_MAX = 8;
const TRIES = 4;
/** Milliseconds that a server may take to begin its answer. */
const PATIENCE = 30_000;

const LOG_IN =
  "Log in with `hf auth login`, or set HF_TOKEN to a token from https://huggingface.co/settings/tokens.";

/** The hub, or a server that speaks as it does. */
export class HubClient {
  /** @param waitMs - before the second try; doubled for each one after */
  constructor(
    private readonly settings: HubSettings,
    private readonly signal: AbortSignal | undefined,
    private readonly waitMs = 500,
  ) {}

  /**
   * A model's files at a branch, a tag or a commit.
   *
   * Throws FollowspotError when there is no such model or revision, when it is private or gated, or when
   * the hub cannot be reached.
   */
  async revision(id: string, revision: string): Promise<HubRevision> {
    const address = `/api/models/${id}/revision/${encodeURIComponent(revision)}`;
    const response = await this.follow(this.at(address), "GET", id);
    const answer = (await response.json().catch(() => ({}))) as {
      sha?: unknown;
      siblings?: { rfilename?: unknown }[];
      cardData?: { license?: unknown };
    };
    const { sha, siblings, cardData } = answer;
    if (typeof sha !== "string" || !COMMIT.test(sha) || !Array.isArray(siblings)) {
      throw this.notAHub(`${address} without a commit and files`);
    }
    const files = siblings.map(({ rfilename }) => String(rfilename));
    const licence = cardData?.license;
    return { commit: sha, files, licence: typeof licence === "string" ? licence : undefined };
  }

  /** A file of a model at a commit. Throws as `revision`. */
  async file(id: string, commit: string, name: string): Promise<HubFile> {
    const path = name.split("/").map(encodeURIComponent).join("/");
    const response = await this.follow(this.at(`/${id}/resolve/${commit}/${path}`), "HEAD", id);
    await response.body?.cancel();
    const { headers, url, status } = response;
    const etag = (headers.get("x-linked-etag") ?? headers.get("etag") ?? "")
      .replace(/^W\//, "")
      .replaceAll('"', "");
    if (!ETAG.test(etag)) throw this.notAHub(`${name} without an ETag`);
    const isElsewhere = status >= 300;
    const size =
      headers.get("x-linked-size") ?? (isElsewhere ? null : headers.get("content-length"));
    const location = isElsewhere ? new URL(headers.get("location")!, url).href : url;
    return { etag, size: size === null ? undefined : Number(size), url: location };
  }

  /** Headers for an address; the token goes to the hub itself only. */
  headersFor(url: string): Record<string, string> {
    const { endpoint, token } = this.settings;
    const headers = { "accept-encoding": "identity", "user-agent": "followspot" };
    const isHub = new URL(url).origin === new URL(endpoint).origin;
    return isHub && token ? { ...headers, authorization: `Bearer ${token}` } : headers;
  }

  private at(path: string): string {
    return `${this.settings.endpoint}${path}`;
  }

  /** Follows redirects within the hub, as after a change of name, and stops at one that leads elsewhere. */
  private async follow(url: string, method: string, id: string): Promise<Response> {
    for (let redirects = 0; redirects < REDIRECTS_MAX; redirects++) {
      const response = await this.ask(url, method);
      const location = response.headers.get("location");
      const isRedirect = response.status >= 300 && response.status < 400 && location !== null;
      if (!isRedirect && !response.ok) throw await this.refusal(response, id);
      if (!isRedirect) return response;
      const next = new URL(location, url);
      const isLinked = response.headers.has("x-linked-etag");
      if (next.origin !== new URL(url).origin || (isLinked && method === "HEAD")) return response;
      await response.body?.cancel();
      url = next.href;
    }
    throw this.notAHub(`more than ${REDIRECTS_MAX} redirects`);
  }

  /** One request, tried again while the server is busy or silent. */
  private async ask(url: string, method: string): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const response = await this.request(url, method).catch((error: unknown) => {
        this.signal?.throwIfAborted();
        if (attempt === TRIES) throw this.unreachable(error);
        return undefined;
      });
      const isBusy = !response || response.status === 429 || response.status >= 500;
      if (response && (!isBusy || attempt === TRIES)) return response;
      await response?.body?.cancel();
      await pause(this.waitMs * 2 ** (attempt - 1), this.signal);
    }
  }

  private request(url: string, method: string): Promise<Response> {
    const signal = timeLimited(this.signal, PATIENCE);
    return fetch(url, { method, redirect: "manual", headers: this.headersFor(url), signal });
  }

  private unreachable(cause: unknown): FollowspotError {
    const { endpoint } = this.settings;
    return new FollowspotError(
      `hub: expected an answer from ${endpoint}, got none (${reasonOf(cause)}).`,
      {
        cause,
        remedy:
          "Check the connection and HF_ENDPOINT, or download the model on another machine and copy its folder.",
      },
    );
  }

  private notAHub(got: string): FollowspotError {
    return new FollowspotError(
      `hub: expected ${this.settings.endpoint} to answer as Hugging Face's hub, got ${got}.`,
      { remedy: "Check HF_ENDPOINT." },
    );
  }

  /** The hub names the reason in a header; without a token, a model that is not there and a private one are one. */
  private async refusal(response: Response, id: string): Promise<FollowspotError> {
    const { status, headers } = response;
    await response.body?.cancel();
    const code = headers.get("x-error-code") ?? "";
    const page = `${this.settings.endpoint}/${id}`;
    if (code === "GatedRepo") {
      const remedy = `Accept the model's terms at ${page}. ${this.settings.token ? "" : LOG_IN}`;
      return new FollowspotError(`hub: ${id}: the model is gated.`, { remedy: remedy.trim() });
    }
    if (code === "RevisionNotFound") {
      return new FollowspotError(`hub: ${id}: expected a revision that exists, got none.`, {
        remedy: `Its branches and tags are listed at ${page}/tree/main.`,
      });
    }
    if (code === "EntryNotFound") {
      const file = new URL(response.url).pathname.split("/").slice(5).join("/");
      return new FollowspotError(`hub: ${id}: expected the file ${file}, got none.`);
    }
    if (code === "RepoNotFound" || status === 401 || status === 404) {
      const remedy = this.settings.token
        ? "Check the name, and that your token may read it."
        : `Check the name. If the model is private: ${LOG_IN}`;
      return new FollowspotError(`hub: ${id}: expected a model of that name, got none.`, {
        remedy,
      });
    }
    const said = headers.get("x-error-message");
    const detail = said ? ` (${said})` : "";
    return new FollowspotError(`hub: ${id}: expected an answer, got status ${status}${detail}.`, {
      remedy: status === 403 ? LOG_IN : "Try again later.",
    });
  }
}

/** What lies beneath fetch's "fetch failed". */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== "" ? cause.message : message;
}

/** Waits; rejects at once with the signal's reason. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal!.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
