// Downloading from a hub: the cache's layout, resuming, and every way in which it can fail.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import { downloadModel } from "../../src/io/hub-download.js";
import type { DownloadOptions, DownloadProgress } from "../../src/io/hub-download.js";
import { hubSettings } from "../../src/io/hub-settings.js";
import { COMMIT, startHub, TOKEN } from "./hub-server.js";
import type { TestHub } from "./hub-server.js";

const ID = "org/some-model";
const WEIGHTS = Buffer.from(Array.from({ length: 40_000 }, (_, i) => (i * 7) % 251));
const FILES = {
  "model_index.json": '{"_class_name":"StableDiffusionPipeline"}',
  "unet/config.json": '{"sample_size":8}',
  "unet/model.safetensors": WEIGHTS,
  "unet/model.bin": "pickled",
  "empty.txt": "",
};
const WANTED = ["unet/model.safetensors", "unet/config.json", "empty.txt", "model_index.json"];
const SHA = createHash("sha256").update(WEIGHTS).digest("hex");

let cache: string;
let hub: TestHub;

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "followspot-hub-"));
  hub = await startHub(ID, FILES);
});
afterEach(async () => {
  await hub.close();
  await rm(cache, { recursive: true });
});

async function download(name = ID, changes: Partial<DownloadOptions> = {}, env = {}) {
  const settings = await hubSettings({ HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, ...env });
  return downloadModel(name, { settings, choose: () => WANTED, waitMs: 1, ...changes });
}

const inModel = (...parts: string[]) => join(cache, "models--org--some-model", ...parts);
const blob = inModel.bind(undefined, "blobs", SHA);
const partial = () => `${blob()}.incomplete`;
const bodies = () => hub.log.filter((line) => line.startsWith("GET storage"));

async function expectRefusal(work: Promise<unknown>, message: RegExp): Promise<void> {
  await expect(work).rejects.toThrow(FollowspotError);
  await expect(work).rejects.toThrow(message);
}

describe("the cache", () => {
  it("gets the files asked for, as links to blobs that bear their digests", async () => {
    const folder = await download();
    expect(folder).toBe(inModel("snapshots", COMMIT));
    expect(readdirSync(folder, { recursive: true }).map(String).sort()).toEqual(
      ["unet", ...WANTED].map((file) => join(file)).sort(),
    );
    expect(readlinkSync(join(folder, "unet/model.safetensors"))).toBe(`../../../blobs/${SHA}`);
    expect(readFileSync(join(folder, "unet/model.safetensors"))).toEqual(WEIGHTS);
    expect(readFileSync(join(folder, "empty.txt"), "utf8")).toBe("");
    expect(readFileSync(inModel("refs", "main"), "utf8")).toBe(COMMIT);
    expect(readdirSync(inModel("blobs"))).toHaveLength(WANTED.length);
    expect(readdirSync(join(cache, ".locks", "models--org--some-model"))).toEqual([]);
  });

  it("is not asked twice for what it has, and a file lost is fetched alone", async () => {
    const folder = await download();
    await rm(realpathSync(join(folder, "unet/config.json")));
    hub.log.length = 0;
    await download();
    expect(bodies()).toEqual([]);
    expect(hub.log.filter((line) => line.startsWith("GET /api/resolve-cache"))).toHaveLength(1);
    expect(readFileSync(join(folder, "unet/config.json"), "utf8")).toBe(FILES["unet/config.json"]);
  });

  it("keeps a tag's name and needs none for a commit", async () => {
    expect(await download(`${ID}@v1`)).toBe(inModel("snapshots", COMMIT));
    expect(readFileSync(inModel("refs", "v1"), "utf8")).toBe(COMMIT);
    await rm(inModel("refs"), { recursive: true });
    await download(`${ID}@${COMMIT}`);
    expect(existsSync(inModel("refs"))).toBe(false);
  });

  it("tells progress over all files, without going back", async () => {
    const told: DownloadProgress[] = [];
    await download(ID, { onProgress: (progress) => told.push(progress) });
    const total = WANTED.reduce((sum, name) => sum + FILES[name as keyof typeof FILES].length, 0);
    expect(new Set(told.map(({ total }) => total))).toEqual(new Set([total]));
    expect(told.map(({ loaded }) => loaded)).toEqual(
      told.map(({ loaded }) => loaded).sort((a, b) => a - b),
    );
    expect(told.at(-1)).toEqual({
      ...{ model: ID, licence: "openrail", total, loaded: total },
      file: "unet/model.safetensors",
    });
  });

  it("looks at the small files before weights are fetched", async () => {
    const check = async () => Promise.reject(new FollowspotError("two text encoders"));
    await expectRefusal(download(ID, { check }), /two text encoders/);
    expect(bodies()).toEqual([]);
    expect(existsSync(inModel("snapshots"))).toBe(false);
  });
});

describe("a broken connection", () => {
  it("is mended by asking for the rest", async () => {
    hub.faults.breakAfter = 15_000;
    const folder = await download();
    expect(bodies()).toEqual(["GET storage", "GET storage bytes=15000-"]);
    expect(readFileSync(join(folder, "unet/model.safetensors"))).toEqual(WEIGHTS);
  });

  it("that never heals leaves what came, and the next download goes on from there", async () => {
    hub.faults.breakAlways = 0;
    await mkdir(inModel("blobs"), { recursive: true });
    await writeFile(partial(), WEIGHTS.subarray(0, 12_345));
    const message = /model\.safetensors: expected 40000 bytes, got 12345 bytes .*Try again/;
    const work = download(ID, { choose: () => ["unet/model.safetensors"] });
    await expectRefusal(work, message);
    expect(existsSync(inModel("snapshots"))).toBe(false);
    hub.faults = {};
    hub.log.length = 0;
    await download();
    expect(bodies()).toEqual(["GET storage bytes=12345-"]);
    expect(readFileSync(blob())).toEqual(WEIGHTS);
  });

  it.each([
    ["a server that knows no ranges", WEIGHTS.subarray(0, 500), { ignoresRange: true }],
    ["more than there is", Buffer.alloc(50_000), {}],
  ])("begins anew with %s", async (_, before, faults) => {
    hub.faults = faults;
    await mkdir(inModel("blobs"), { recursive: true });
    await writeFile(partial(), before);
    await download();
    expect(readFileSync(blob())).toEqual(WEIGHTS);
  });

  it("deletes what is damaged, and says so", async () => {
    await mkdir(inModel("blobs"), { recursive: true });
    await writeFile(partial(), Buffer.alloc(100));
    await expectRefusal(download(), new RegExp(`expected the digest ${SHA}, got .*deleted`));
    expect(existsSync(partial())).toBe(false);
    hub.faults.corrupts = true;
    const small = { choose: () => ["unet/config.json"] };
    await rm(inModel("blobs"), { recursive: true });
    await expectRefusal(download(ID, small), /unet\/config\.json: expected the digest/);
  });
});

describe("a length that is not the file's", () => {
  it("is refused when more comes, and what came is deleted", async () => {
    hub.faults.claims = 100;
    await expectRefusal(download(), /expected 100 bytes, got \d+; what came was deleted/);
    expect(existsSync(partial())).toBe(false);
  });

  it("is refused before the first byte when the disk has no room for it", async () => {
    hub.faults.claims = 1e17;
    await expectRefusal(download(), /expected 100000000000 MB free in .*got \d+ MB\. Free some/);
    expect(bodies()).toEqual([]);
  });
});

describe("stopping", () => {
  it("ends at once with the signal's reason, and keeps what came", async () => {
    hub.faults.slowly = 20;
    const stop = new AbortController();
    const onProgress = ({ loaded }: DownloadProgress) => {
      if (loaded > 5000) stop.abort(new Error("enough"));
    };
    await expect(download(ID, { onProgress, signal: stop.signal })).rejects.toThrow("enough");
    const kept = readFileSync(partial());
    expect(kept.length).toBeGreaterThan(2000);
    expect(kept).toEqual(WEIGHTS.subarray(0, kept.length));
    hub.faults = {};
    await download();
    expect(bodies().at(-1)).toBe(`GET storage bytes=${kept.length}-`);
  });
});

describe("two downloads at once", () => {
  it("fetch each file once", async () => {
    hub.faults.slowly = 5;
    const [a, b] = await Promise.all([download(), download()]);
    expect(a).toBe(b);
    expect(bodies()).toHaveLength(1);
    expect(readFileSync(blob())).toEqual(WEIGHTS);
  });

  it("take over a lock whose holder was killed", async () => {
    const lock = join(cache, ".locks", "models--org--some-model", `${SHA}.followspot`);
    await mkdir(join(lock, ".."), { recursive: true });
    await writeFile(lock, "");
    const longAgo = new Date(Date.now() - 60_000);
    await utimes(lock, longAgo, longAgo);
    await download();
    expect(readFileSync(blob())).toEqual(WEIGHTS);
  });
});

describe("refusals", () => {
  it.each<[string, { status: number; code?: string }, RegExp]>([
    [
      "a gated model",
      { status: 401, code: "GatedRepo" },
      /gated.*Accept the model's terms.*HF_TOKEN/,
    ],
    ["no such model", { status: 404, code: "RepoNotFound" }, /expected a model of that name/],
    ["a wrong token", { status: 401 }, /expected a model of that name.*private.*HF_TOKEN/],
    ["a server that is down", { status: 503 }, /got status 503.*Try again later/],
  ])("say that there is %s", async (_, refuse, message) => {
    hub.faults.refuse = refuse;
    await expectRefusal(download(), message);
  });

  it("say that there is no such revision or file", async () => {
    await expectRefusal(download(`${ID}@v9`), /revision that exists.*tree\/main/);
    const choose = () => ["vae/config.json"];
    await expectRefusal(download(ID, { choose }), /expected the file vae\/config\.json, got none/);
  });

  it("say that nothing answers", async () => {
    await hub.close();
    await expectRefusal(download(), /expected an answer from http.*got none \(.*ECONNREFUSED/);
    hub = await startHub(ID, FILES);
  });

  it("say that what answers is no hub", async () => {
    const elsewhere = {
      HF_ENDPOINT: `${hub.endpoint}/api/resolve-cache/models/${ID}/${COMMIT}/x?`,
    };
    await expectRefusal(download(ID, {}, elsewhere), /hub: org\/some-model: expected|as Hugging/);
  });

  it("say that they were told not to ask", async () => {
    await expectRefusal(download(ID, {}, { HF_HUB_OFFLINE: "1" }), /HF_HUB_OFFLINE forbids/);
    expect(hub.log).toEqual([]);
  });

  it.runIf(existsSync("/dev/full"))("say that the disk is full", async () => {
    await mkdir(inModel("blobs"), { recursive: true });
    await symlink("/dev/full", partial());
    await expectRefusal(download(), /the disk is full\. Free some space/);
    expect(existsSync(inModel("snapshots"))).toBe(false);
  });

  it("say that the cache cannot be written", async () => {
    await writeFile(join(cache, "models--org--some-model"), "");
    await expectRefusal(
      download(),
      /a part of the path is not a folder|EEXIST|file already exists/,
    );
  });
});

describe("the hub's ways", () => {
  it("are tried again while it is busy", async () => {
    hub.faults.busy = 3;
    expect(await download()).toBe(inModel("snapshots", COMMIT));
  });

  it("lead to a model's new name", async () => {
    await download("old/name", { choose: () => [] });
    expect(hub.log.slice(0, 2)).toEqual([
      "GET /api/models/old/name/revision/main",
      `GET /api/models/${ID}/revision/main`,
    ]);
  });

  it("ask for a token, which goes to the hub alone", async () => {
    hub.faults.isPrivate = true;
    await expectRefusal(download(), /expected a model of that name.*private/);
    await download(ID, {}, { HF_TOKEN: TOKEN });
    expect(bodies()).toHaveLength(1);
    expect(hub.leaked).toEqual([]);
  });

  it("take the token that a login left", async () => {
    hub.faults.isPrivate = true;
    await writeFile(join(cache, "token"), `${TOKEN}\n`);
    await download(ID, {}, { HF_HOME: cache, HF_HUB_CACHE: cache });
    expect(bodies()).toHaveLength(1);
  });
});
