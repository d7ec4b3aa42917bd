// What Hugging Face's own environment variables say: which hub, whose token, which cache, and whether to ask at all.

import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where hub models come from and go to. */
export interface HubSettings {
  /** HF_ENDPOINT, or the hub itself; without a slash at its end. */
  readonly endpoint: string;
  /** HF_TOKEN, or what `hf auth login` left behind. */
  readonly token: string | undefined;
  /** HF_HUB_OFFLINE: ask no server. */
  readonly isOffline: boolean;
  /** Folder of the cache. */
  readonly cache: string;
}

const HUB = "https://huggingface.co";

/** A path whose beginning is "~" as a shell expands it; files of settings are read by none. */
function expanded(path: string | undefined, env: Environment): string | undefined {
  return path?.replace(/^~(?=$|[\\/])/, env["HOME"] || homedir());
}

/** HF_HOME, or huggingface/ in XDG_CACHE_HOME or ~/.cache. */
function homeFolder(env: Environment): string {
  const caches = env["XDG_CACHE_HOME"] || join(env["HOME"] || homedir(), ".cache");
  return expanded(env["HF_HOME"], env) || join(caches, "huggingface");
}

/** The folder of the cache: HF_HUB_CACHE (formerly HUGGINGFACE_HUB_CACHE), or hub/ in HF_HOME. */
export function hubCacheFolder(env: Environment = process.env): string {
  const own = env["HF_HUB_CACHE"] || env["HUGGINGFACE_HUB_CACHE"];
  return expanded(own, env) || join(homeFolder(env), "hub");
}

async function tokenOf(env: Environment): Promise<string | undefined> {
  const given = env["HF_TOKEN"] || env["HUGGING_FACE_HUB_TOKEN"];
  if (given) return given.trim();
  const file = expanded(env["HF_TOKEN_PATH"], env) || join(homeFolder(env), "token");
  const stored = await readFile(file, "utf8").catch(() => "");
  return stored.trim() || undefined;
}

/** The settings of an environment; of this process when absent. */
export async function hubSettings(env: Environment = process.env): Promise<HubSettings> {
  return {
    endpoint: (env["HF_ENDPOINT"] || HUB).replace(/\/+$/, ""),
    token: await tokenOf(env),
    isOffline: /^(1|on|yes|true)$/i.test(env["HF_HUB_OFFLINE"] ?? ""),
    cache: hubCacheFolder(env),
  };
}
