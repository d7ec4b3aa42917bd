import { describe, expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { readSourceJson } from "./model-source.js";
import { urlSource } from "./model-source-url.js";
import type { UrlSourceOptions } from "./model-source-url.js";

type Answer = (method: string) => Response;

/** A server of a few files, and what it was asked. */
function serverOf(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = [];
  const get = async (url: RequestInfo | URL, { method, signal }: RequestInit = {}) => {
    signal?.throwIfAborted();
    const { href } = url as URL;
    asked.push(`${method} ${href}`);
    const answer = answers[href.replace("https://host/m/", "")];
    return answer ? answer(method!) : new Response("none", { status: 404 });
  };
  const source = (options: UrlSourceOptions = {}) =>
    urlSource("https://host/m", { fetch: get, ...options });
  return { asked, source };
}

const json = (value: unknown): Answer => {
  const text = JSON.stringify(value);
  return (method) => new Response(method === "HEAD" ? null : text);
};

describe("urlSource", () => {
  it("reads files under its address, each fetched once", async () => {
    const { asked, source } = serverOf({ "unet/config.json": json({ a: "é" }) });
    const model = source();
    expect(model.name).toBe("https://host/m");
    expect(await readSourceJson(model, "unet/config.json")).toEqual({ a: "é" });
    await model.open("unet/config.json");
    expect(asked).toEqual(["GET https://host/m/unet/config.json"]);
    expect((await model.open("unet/config.json")).path).toBe("https://host/m/unet/config.json");
  });

  it("gives a part as a copy, so that a tensor has a buffer of its own", async () => {
    const { source } = serverOf({ f: () => new Response(Uint8Array.of(1, 2, 3, 4)) });
    const bytes = await source().open("f");
    const part = await bytes.read(1, 2);
    expect([bytes.size, ...part]).toEqual([4, 2, 3]);
    expect(part.buffer.byteLength).toBe(2);
  });

  it("knows what there is, whether or not the server knows HEAD", async () => {
    const page = { headers: { "content-type": "text/html; charset=utf-8" } };
    const { source } = serverOf({
      there: json(1),
      old: (method) =>
        method === "HEAD" ? new Response(null, { status: 405 }) : new Response("1"),
      program: () => new Response("<!doctype html>", page),
    });
    const model = source();
    const found = await Promise.all(["there", "old", "program", "none"].map((f) => model.has(f)));
    expect(found).toEqual([true, true, false, false]);
    await expect(model.open("program")).rejects.toThrow(
      /m\/program: expected the file, got a page/,
    );
    await expect(model.open("none")).rejects.toThrow(/m\/none: expected the file, got status 404/);
  });

  it("does not take a server's trouble for a file that is not there", async () => {
    const { source } = serverOf({
      busy: () => new Response(null, { status: 503 }),
      many: () => new Response(null, { status: 429 }),
      stored: () => new Response(null, { status: 403 }),
    });
    const model = source();
    await expect(model.has("busy")).rejects.toThrow(/whether the file is there, got status 503/);
    await expect(model.has("many")).rejects.toThrow(/got status 429/);
    expect(await model.has("stored")).toBe(false);
  });

  it("tells progress, with the length where the server says it", async () => {
    const length = { headers: { "content-length": "3" } };
    const { source } = serverOf({
      f: () => new Response("abc", length),
      g: () => new Response("d"),
    });
    const told: unknown[] = [];
    const model = source({ onProgress: (progress) => told.push(progress) });
    await model.open("f");
    await model.open("g");
    expect(told).toEqual([
      { file: "f", loaded: 3, total: 3 },
      { file: "g", loaded: 1 },
    ]);
  });

  it("takes a file that a server of another origin compressed, whose length is that of what was sent", async () => {
    const body = () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        start(controller) {
          for (const text of ["abc", "defg"]) controller.enqueue(new TextEncoder().encode(text));
          controller.close();
        },
      });
    const length = { headers: { "content-length": "3" } };
    const { source } = serverOf({
      f: () => new Response(body(), length),
    });
    const told: unknown[] = [];
    const bytes = await source({ onProgress: (progress) => told.push(progress) }).open("f");
    expect(bytes.size).toBe(7);
    expect(told).toEqual([
      { file: "f", loaded: 3, total: 3 },
      { file: "f", loaded: 7 },
    ]);
  });

  it("refuses a body that is too short, and asks again when asked again", async () => {
    let tries = 0;
    const { source } = serverOf({
      f: () => new Response("abc", { headers: { "content-length": tries++ === 0 ? "9" : "3" } }),
    });
    const model = source();
    await expect(model.open("f")).rejects.toThrow(/f: expected the whole file, got 3 of 9 bytes/);
    expect((await model.open("f")).size).toBe(3);
  });

  it("says that nothing answered, and stops when told to", async () => {
    const failing = async () => Promise.reject(new TypeError("Failed to fetch"));
    const failure = urlSource("https://host/m/", { fetch: failing }).has("f");
    await expect(failure).rejects.toThrow(FollowspotError);
    await expect(failure).rejects.toThrow(/expected an answer, got none \(Failed to fetch\).*CORS/);
    const { source } = serverOf({ f: json(1) });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(source({ signal }).open("f")).rejects.toThrow("enough");
  });
});
