// The browser's runtimes in Debian's Chromium: the contract, every operator and a tiny network, in Wasm and on WebGPU.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runtimeContract } from "../../../src/engine/runtime/contract.js";
import type { CompileOptions } from "../../../src/engine/runtime/session.js";
import type { WebProvider } from "../../../src/engine/runtime/web.js";
import { expectClose } from "../../closeness.js";
import type { Tolerance } from "../../closeness.js";
import { evaluate } from "../../reference/index.js";
import { nativeConvolutions, networkGraphs, operatorGraphs } from "../graphs.js";
import type { NamedGraph } from "../graphs.js";
import { bundlePage, hasChromium, openPage } from "./browser.js";
import type { TestPage } from "./page.js";

declare const followspot: TestPage;

const OPERATOR: Tolerance = { relative: 2e-5, absolute: 1e-6, ofScale: 2e-6 };
const NETWORK: Tolerance = { relative: 0, absolute: 0, ofScale: 1e-5 };

// A processor that plays a graphics card compiles hundreds of shaders for a network.
const SLOW = 300_000;

// SwiftShader computes no half-precision numbers.
const NEEDS_HALF = "cast to half and back";

const folder = mkdtempSync(join(tmpdir(), "followspot-page-"));
beforeAll(() => bundlePage(folder), SLOW);
afterAll(() => rmSync(folder, { recursive: true }));

describe("the page's bundle", () => {
  it("needs nothing of Node, and keeps onnxruntime-web in parts of its own", () => {
    const parts = readdirSync(folder).filter((name) => name.startsWith("ort."));
    expect(parts).toHaveLength(2);
  });
});

describe.runIf(hasChromium())("in Chromium", () => {
  let page: Page;
  let close: () => Promise<void>;
  beforeAll(async () => void ({ page, close } = await openPage(folder)), SLOW);
  afterAll(() => close(), SLOW);

  async function expectAgreement(
    provider: WebProvider,
    { name, build, feeds }: NamedGraph,
    tolerance: Tolerance,
    options: CompileOptions = {},
  ): Promise<void> {
    const expected = evaluate(build(), feeds);
    const request = [provider, name, options] as const;
    const results = await page.evaluate((args) => followspot.run(...args), request);
    expect(Object.keys(results)).toEqual(Object.keys(expected));
    for (const [output, result] of Object.entries(results)) {
      expectClose(result, expected[output]!, tolerance);
    }
  }

  it("is isolated, so that Wasm has threads", async () => {
    expect(await page.evaluate(() => followspot.isolated)).toBe(true);
  });

  describe.each(["wasm", "webgpu"] as const)("%s", (provider) => {
    const graphs = operatorGraphs.filter(({ name }) => provider === "wasm" || name !== NEEDS_HALF);

    it.each(runtimeContract)("$name", ({ name }) =>
      page.evaluate((args) => followspot.contract(...args), [provider, name] as const),
    );

    it("drops a run that waits when its signal aborts", async () => {
      const story = await page.evaluate((name) => followspot.abandon(name), provider);
      expect(story).toBe("10, then the box moved");
    });

    it.each(graphs)("runs: $name", (graph) => expectAgreement(provider, graph, OPERATOR));

    // WebGPU's own convolutions are the same kernels as in Node, where they are tested.
    it.each(provider === "wasm" ? nativeConvolutions : [])(
      "runs with its own kernel: $name",
      (graph) => expectAgreement(provider, graph, OPERATOR, { convolution: "native" }),
    );

    it.each(networkGraphs())(
      "runs: $name",
      async (graph) => {
        const before = await page.evaluate(() => followspot.submissions());
        await expectAgreement(provider, graph, NETWORK);
        const submissions = (await page.evaluate(() => followspot.submissions())) - before;
        if (provider === "webgpu") expect(submissions).toBeGreaterThan(10);
        else expect(submissions).toBe(0);
      },
      SLOW,
    );
  });
});
