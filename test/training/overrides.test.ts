// Configurations with single values replaced: what --set may change in the presets, and how mistakes are told.

import { describe, expect, it } from "vitest";
import { taskOf } from "../../src/distillation/kinds.js";
import { listPresets, readDocument, withOverrides } from "../../src/training/run/document.js";

describe("overrides of a checked document", () => {
  const resolved = async (preset: string, overrides: Record<string, string | number>) => {
    const { document } = await readDocument(preset);
    return taskOf(withOverrides(document, taskOf(document).config, overrides)).config;
  };

  it("may be of options that it leaves out", async () => {
    const changes = { "data.fit": "cover", "data.filter": "cubic", "learning_rate.decay": 5 };
    expect(await resolved("mnist-teacher", changes)).toMatchObject({
      data: { fit: "cover", filter: "cubic" },
      learning_rate: { decay: 5 },
    });
    const guided = await resolved("mnist-progressive-guided", {
      "guidance.blur": '{"kernel":5,"sigma":1}',
      "guidance.site": "x",
    });
    expect(guided).toMatchObject({ guidance: { blur: { kernel: 5, sigma: 1 }, site: "x" } });
  });

  it.each([
    ["data.fitt", "cover", /--set data.fitt: expected one of path, split, fit, filter, got "fitt"/],
    ["data.fit", "stretch", /config: data.fit: expected one of cover, pad, got "stretch"/],
    ["data.fit.x", 1, /expected no further key, got "x"/],
    ["unet.dropuot", 1, /--set unet.dropuot: expected one of .*dropout.*, got "dropuot"/],
    ["times.x", 1, /--set times.x: expected no further key, got "x"/],
    ["batch", 0, /^config: batch: expected a number above 0, got 0\.$/],
    ["batch", 1e9, /^config: batch: expected a number of at most 4096, got 1000000000\.$/],
    ["head", "w", /^config: head: expected one of .*, got "w"\.$/],
    ["unet.sample_size", "[8,8]", /unet.sample_size: expected a multiple of 4, got \[8,8\]/],
    ["unet.sample_size", "big", /sample_size: expected a number or a list, got "big"\.$/],
  ])("are refused at %s=%s", async (path, value, message) => {
    await expect(resolved("mnist-teacher", { [path]: value })).rejects.toThrow(message);
  });

  it("are of the whole where there is nothing yet, and say so", async () => {
    const set = (path: string) => resolved("mnist-progressive", { [path]: 1.3 });
    await expect(set("guidance.scale")).rejects.toThrow(
      "--set guidance.scale: expected guidance to be an object, got none. " +
        `Set it as a whole: --set 'guidance={"scale":1.3}'.`,
    );
    await expect(set("guidance.scael")).rejects.toThrow(/expected one of scale, .*got "scael"/);
    expect(await resolved("mnist-progressive", { guidance: '{"scale":1.3}' })).toMatchObject({
      guidance: { scale: 1.3, form: "exact" },
    });
  });
});

describe("the pictures of a step", () => {
  it("are limited in every kind of run", async () => {
    const kinds = new Set<unknown>();
    for (const preset of await listPresets()) {
      const { document } = await readDocument(preset);
      kinds.add(document["kind"]);
      const batch = 5000;
      expect(() => taskOf({ ...document, batch }), preset).toThrow(
        /batch: .* at most 4096, got 5000/,
      );
    }
    expect(kinds.size).toBe(9);
  });
});
