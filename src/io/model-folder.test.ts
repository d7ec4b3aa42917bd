import { mkdir, mkdtemp, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { hubCacheFolder } from "./hub-settings.js";
import {
  findModelFile,
  listShippedModels,
  resolveModelFile,
  resolveModelFolder,
} from "./model-folder.js";
import { findPackageRoot } from "./package-root.js";

let root: string;
let places: { shipped: string; cache: string };

const INDEX = "model_index.json";

async function file(...parts: string[]): Promise<string> {
  const path = join(root, ...parts);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, "{}");
  return path;
}

/** A snapshot as Hugging Face lays it out: links to blobs. */
async function snapshot(model: string, commit: string, time: number): Promise<string> {
  const folder = join(root, "cache", model, "snapshots", commit);
  await file("cache", model, "blobs", `${commit}-blob`);
  await mkdir(folder, { recursive: true });
  await symlink(`../../blobs/${commit}-blob`, join(folder, INDEX));
  await utimes(folder, time, time);
  return folder;
}

const refuses = async (name: string, message: RegExp) => {
  await expect(resolveModelFolder(name, places)).rejects.toThrow(FollowspotError);
  await expect(resolveModelFolder(name, places)).rejects.toThrow(message);
};

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), "followspot-models-")));
  places = { shipped: join(root, "models"), cache: join(root, "cache") };
  await file("models", "stage", INDEX);
  await file("models", "half", "unet", "config.json");
  await file("mine", INDEX);
  await file("mine", "unet", "config.json");
  await file("one.safetensors");
  await file("one.ckpt");
  await snapshot("models--org--two", "aaa", 2000);
  await snapshot("models--org--two", "bbb", 1000);
  await snapshot("models--org--old-one", "ccc", 1000);
  await snapshot("models--org--old-one", "ddd", 2000);
  await writeFile(await file("cache", "models--org--two", "refs", "main"), "bbb\n");
  await writeFile(await file("cache", "models--org--two", "refs", "fp16"), "aaa");
});

afterAll(() => rm(root, { recursive: true }));

describe("resolveModelFolder", () => {
  it("finds a folder by its path, through links", async () => {
    const link = join(root, "link");
    await symlink(join(root, "mine"), link);
    expect(await resolveModelFolder(join(root, "mine"), places)).toBe(join(root, "mine"));
    expect(await resolveModelFolder(link, places)).toBe(join(root, "mine"));
  });

  it("finds a shipped model by its name", async () => {
    expect(await resolveModelFolder("stage", places)).toBe(join(root, "models", "stage"));
    expect(await listShippedModels(places)).toEqual(["stage"]);
  });

  it.each([
    ["org/two", "models--org--two/snapshots/bbb"],
    ["org/two@fp16", "models--org--two/snapshots/aaa"],
    ["org/two@aaa", "models--org--two/snapshots/aaa"],
    ["org/old-one", "models--org--old-one/snapshots/ddd"],
  ])("finds %s in the cache", async (name, folder) => {
    expect(await resolveModelFolder(name, places)).toBe(join(root, "cache", folder));
  });

  it("says what there is and how to get more", async () => {
    await refuses("stagee", /shipped model \(stage\).*\(org\/old-one, org\/two\).*hf download/);
    await refuses("org/three", /a name that is none of these/);
    await refuses("org/two@v9", /a name that is none of these/);
    await refuses("", /a name that is none of these/);
    await refuses("half", /a name that is none of these/);
  });

  it.each(["..", "../mine", "../cache/../mine", "org/..", "org/two@../aaa", "a\0b"])(
    "does not leave its folders for %j",
    async (name) => {
      await expect(resolveModelFolder(name, places)).rejects.toThrow(FollowspotError);
    },
  );

  it("says what a path is that is no model", async () => {
    await refuses(join(root, "models"), /a folder without model_index\.json/);
    await refuses(join(root, "mine", "unet"), /a part of a model; the model is .*mine/);
    await refuses(join(root, "one.safetensors"), /a single file.*from_single_file/);
    await refuses(join(root, "one.ckpt"), /a pickled checkpoint.*from_single_file/);
    await refuses(join(root, "mine", INDEX), /a file that is no model/);
  });
});

describe("resolveModelFile", () => {
  it("gives the file behind a link", async () => {
    const folder = await resolveModelFolder("org/two", places);
    const blob = join(root, "cache", "models--org--two", "blobs", "bbb-blob");
    expect(await resolveModelFile(folder, INDEX)).toBe(blob);
  });

  it("names the file that a model lacks", async () => {
    const failure = resolveModelFile(join(root, "mine"), "vae/config.json");
    await expect(failure).rejects.toThrow(FollowspotError);
    await expect(failure).rejects.toThrow(/mine.vae.config\.json: no such file/);
  });
});

describe("a model that leaves parts to the one beside it", () => {
  const student = async (says: string): Promise<string> => {
    await file("pair", "teacher", INDEX);
    await file("pair", "teacher", "vae", "config.json");
    await file("pair", "student", INDEX);
    await writeFile(await file("pair", "student", "followspot.json"), says);
    return join(root, "pair", "student");
  };

  it("has them from there, and its own first", async () => {
    const folder = await student('{ "parts_of": "teacher" }');
    const shared = join(await realpath(root), "pair", "teacher", "vae", "config.json");
    expect(await resolveModelFile(folder, "vae/config.json")).toBe(shared);
    expect(await resolveModelFile(folder, INDEX)).toBe(join(await realpath(folder), INDEX));
    expect(await findModelFile(folder, "unet/config.json")).toBeUndefined();
    await expect(resolveModelFile(folder, "unet/config.json")).rejects.toThrow(/no such file/);
  });

  it("takes none from elsewhere", async () => {
    for (const name of ["nobody", "../cache", "..", "."]) {
      const folder = await student(JSON.stringify({ parts_of: name }));
      const failure = resolveModelFile(folder, "vae/config.json");
      await expect(failure).rejects.toThrow(/expected parts_of to name a model/);
    }
  });
});

describe("the cache's folder", () => {
  const [a, home, hub] = ["/a", "/me", join("huggingface", "hub")];
  it.each([
    [{ HF_HUB_CACHE: a, HF_HOME: "/b" }, a],
    [{ HF_HOME: a, XDG_CACHE_HOME: "/b", HOME: home }, join(a, "hub")],
    [{ XDG_CACHE_HOME: a, HOME: home }, join(a, hub)],
    [{ HOME: home }, join(home, ".cache", hub)],
  ])("of %j is %s", (env, folder) => {
    expect(hubCacheFolder(env)).toBe(folder);
  });
});

describe("the package's folder", () => {
  it("is found from the sources and from a build, past other packages", async () => {
    await writeFile(await file("package", "package.json"), '{"name":"followspot"}');
    await writeFile(await file("package", "dist", "package.json"), '{"type":"module"}');
    const built = pathToFileURL(join(root, "package", "dist", "io", "module.js")).href;
    expect(findPackageRoot(built)).toBe(join(root, "package"));
    expect(findPackageRoot()).toBe(join(import.meta.dirname, "..", ".."));
    expect(findPackageRoot(pathToFileURL("/").href)).toBeUndefined();
  });
});
