import { describe, expect, it } from "vitest";

import { FollowspotError } from "../core/errors.js";
import { memoryBytes } from "./byte-source.js";
import type { ModelSource } from "./model-source.js";
import { readSourceText } from "./model-source.js";
import { sharedName, sharingSource } from "./model-source-sharing.js";

/** Files in memory, and what was asked of them. */
function sourceOf(name: string, files: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const source: ModelSource = {
    name,
    has: async (file) => file in files,
    async open(file) {
      asked.push(file);
      if (!(file in files)) throw new FollowspotError(`model: ${name}/${file}: none.`);
      return memoryBytes(`${name}/${file}`, new TextEncoder().encode(files[file]));
    },
  };
  return { source, asked };
}

const student = (parts: unknown) =>
  sourceOf("student", { "followspot.json": JSON.stringify({ parts_of: parts }), unet: "own" });

describe("sharingSource", () => {
  it("gives what a model leaves out from the one that it names, its own first", async () => {
    const teacher = sourceOf("teacher", { unet: "theirs", vae: "shared" });
    const named: string[] = [];
    const source = sharingSource(student("teacher").source, (name) => {
      named.push(name);
      return teacher.source;
    });
    expect(source.name).toBe("student");
    expect(await readSourceText(source, "unet")).toBe("own");
    expect(await readSourceText(source, "vae")).toBe("shared");
    expect(await Promise.all(["unet", "vae", "text"].map((file) => source.has(file)))).toEqual([
      true,
      true,
      false,
    ]);
    expect(named).toEqual(["teacher"]);
    expect(teacher.asked).toEqual(["vae"]);
    await expect(source.open("text")).rejects.toThrow(/teacher\/text/);
  });

  it("is the model itself where that leaves nothing out", async () => {
    const none: Record<string, string> = {};
    for (const facts of [none, { "followspot.json": "{}" }]) {
      const { source } = sourceOf("whole", { unet: "own", ...facts });
      const never = (): ModelSource => {
        throw new Error("asked for a neighbour");
      };
      const sharing = sharingSource(source, never);
      expect(await sharing.has("vae")).toBe(false);
      await expect(sharing.open("vae")).rejects.toThrow(/whole\/vae/);
    }
  });

  it.each(["", "..", ".", "a/b", "..\\a", "/a", 7])("refuses a neighbour %j", async (name) => {
    await expect(sharedName(student(name).source)).rejects.toThrow(/student\/followspot\.json/);
  });

  it("asks again after a failure", async () => {
    const { source } = student("teacher");
    let fails = true;
    const shaky: ModelSource = {
      ...source,
      has: async (file) => {
        if (fails && file === "followspot.json") throw new FollowspotError("model: no answer.");
        return source.has(file);
      },
    };
    const sharing = sharingSource(shaky, () => sourceOf("teacher", { vae: "shared" }).source);
    await expect(sharing.has("vae")).rejects.toThrow(/no answer/);
    fails = false;
    expect(await sharing.has("vae")).toBe(true);
  });
});
