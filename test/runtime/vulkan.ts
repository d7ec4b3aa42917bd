// A Vulkan driver in software, on which WebGPU can be proven right without a graphics card.

import { existsSync } from "node:fs";

/** Where Debian's package `chromium` keeps SwiftShader. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/**
 * Points the Vulkan loader at a driver: what VK_DRIVER_FILES names already, else SwiftShader.
 * False, said aloud, when there is none.
 */
export function useVulkan(): boolean {
  process.env.VK_DRIVER_FILES ??= SWIFTSHADER;
  const found = existsSync(process.env.VK_DRIVER_FILES);
  if (!found) {
    console.warn(
      `No Vulkan driver at ${process.env.VK_DRIVER_FILES}: WebGPU in Node is NOT tested here. ` +
        "Install Debian's chromium and libvulkan1, or set VK_DRIVER_FILES.",
    );
  }
  return found;
}
