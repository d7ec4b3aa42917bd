import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FollowspotError } from "../../core/errors.js";
import { workerScript } from "./worker-script.js";

describe("the worker's script", () => {
  it("lies beside the modules here", () => {
    expect(existsSync(workerScript(import.meta.url))).toBe(true);
  });

  it.each([undefined, "file:///srv/app/bundle.js", "webpack-internal:///bundle.js"])(
    "is missed with a remedy in a bundle, whose module is %s",
    (module) => {
      const find = () => workerScript(module);
      expect(find).toThrow(FollowspotError);
      expect(find).toThrow(/expected its script beside the library, got none.*external/);
    },
  );
});
