// Debian's Chromium with the test page open in it.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { build } from "tsdown";
import { serve } from "./server.js";
import type { ServedFolders } from "./server.js";

const CHROMIUM = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu-sandbox",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
];

/** Whether there is a Chromium; says so aloud when there is none. */
export function hasChromium(): boolean {
  const found = existsSync(CHROMIUM);
  if (!found) {
    console.warn(
      `No Chromium at ${CHROMIUM}: the browser runtimes are NOT tested here. ` +
        "Install Debian's chromium, or set CHROMIUM_PATH.",
    );
  }
  return found;
}

export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** Bundles a page.ts for browsers into `folder`, as page.js and its parts; the engine's own page when none is named. */
export async function bundlePage(
  folder: string,
  page = new URL("page.ts", import.meta.url),
  plugins: NonNullable<Parameters<typeof build>[0]>["plugins"] = [],
): Promise<void> {
  await build({
    config: false,
    entry: { page: fileURLToPath(page) },
    outDir: folder,
    platform: "browser",
    format: "esm",
    fixedExtension: false,
    dts: false,
    clean: false,
    deps: { alwaysBundle: [/./] },
    plugins,
    logLevel: "warn",
    report: false,
  });
}

/** Opens the page that was bundled into `folder`, which can fetch from `folders` too. */
export async function openPage(
  folder: string,
  folders: ServedFolders = {},
): Promise<{ page: Page; close: () => Promise<void> }> {
  const { server, address } = await serve(folder, folders);
  const browser = await launchChromium();
  const page = await browser.newPage();
  page.on("pageerror", (error) => console.error(error));
  await page.goto(address);
  await page.waitForFunction("globalThis.followspot !== undefined");
  const close = async (): Promise<void> => {
    await browser.close();
    server.close();
  };
  return { page, close };
}
