// The examples run, each as a program of its own, with a tiny model in place of the shipped one.

import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeImage } from "../../src/io/image.js";
import type { Order } from "../../examples/live/page.js";
import { readRecipeFile, recipeFromBytes } from "../../src/pipelines/recipe-file.js";
import { tinyPipeline } from "../pipelines/tiny-pipeline.js";
import { hasChromium, launchChromium } from "../runtime/browser/browser.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EXAMPLES = join(ROOT, "examples");
const SLOW = 240_000;

let model: Awaited<ReturnType<typeof tinyPipeline>>;
let folder: string;

beforeAll(async () => {
  model = await tinyPipeline();
  folder = mkdtempSync(join(tmpdir(), "followspot-examples-"));
});
afterAll(() => {
  model.remove();
  rmSync(folder, { recursive: true });
});

function start(example: string, argument: string): { child: ChildProcess; output: () => string } {
  const args = ["--import", "tsx", join("examples", example), model.folder, argument];
  const child = spawn(process.execPath, args, { cwd: ROOT });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece: Buffer) => (output += piece.toString()));
  }
  return { child, output: () => output };
}

/** Runs an example to its end; gives what it printed. */
async function run(example: string): Promise<string> {
  const { child, output } = start(example, folder);
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(code, output()).toBe(0);
  return output();
}

/** The recipe in a picture, from which `draw --from` makes it again. */
const recipeIn = (name: string) => readRecipeFile(join(folder, name));
const sideOf = async (name: string) => (await decodeImage(join(folder, name))).width;

describe("the examples", () => {
  it("are all run here, and told in their README", () => {
    const here = readFileSync(fileURLToPath(import.meta.url), "utf8");
    const page = readFileSync(join(EXAMPLES, "README.md"), "utf8");
    const programs = readdirSync(EXAMPLES).filter((name) => name.endsWith(".ts"));
    expect(programs.length).toBeGreaterThan(3);
    for (const name of programs) {
      expect(here).toContain(`"${name}"`);
      expect(page).toContain(`examples/${name}`);
    }
  });

  it(
    "draw one picture, with what became of its boxes",
    async () => {
      const output = await run("draw.ts");
      expect(output).toMatch(/step 1 of 25/);
      expect(output).toMatch(/red cube: \d+ % of its attention in its box/);
      expect(await sideOf("draw.png")).toBe(32);
      expect(await recipeIn("draw.png")).toMatchObject({ seed: 7n, steps: 25, size: [32, 32] });
    },
    SLOW,
  );

  it(
    "draw three pages that differ",
    async () => {
      expect(await run("storybook.ts")).toMatch(/page-3\.png: Got it!/);
      const pages = await Promise.all(
        [1, 2, 3].map(async (page) => (await decodeImage(join(folder, `page-${page}.png`))).data),
      );
      expect(new Set(pages.map(String)).size).toBe(3);
      expect((await recipeIn("page-2.png")).boxes![0]!.box).toEqual([0.25, 0.25, 0.75, 0.75]);
    },
    SLOW,
  );

  it(
    "show where words look, plain and with a box",
    async () => {
      const output = await run("attention.ts");
      expect(output).toMatch(/down\.0\.attn\.0\.cross: \d+x\d+ cells/);
      expect(output).toMatch(/none: \d+ %[^]*direct: \d+ %/);
      expect(await sideOf("attention-direct-red-cube.png")).toBe(32);
      expect((await recipeIn("attention-direct.png")).method!.name).toBe("direct");
    },
    SLOW,
  );

  it(
    "serve pictures, refuse what is wrong, and stop when the client hangs up",
    async () => {
      const { child, output } = start("server.ts", "0");
      try {
        await expect.poll(output, { timeout: SLOW }).toMatch(/http:\S+\n/);
        const address = /http:\S+/.exec(output())![0];
        const headers = { "content-type": "application/json" };
        const post = (body: string, change: RequestInit = {}) =>
          fetch(address, { method: "POST", headers, body, ...change });
        const ask = (body: unknown, signal: AbortSignal | null = null) =>
          post(JSON.stringify(body), { signal });
        const box = { words: "red cube", box: [0, 0, 0.5, 0.5] };
        const answer = await ask({
          prompt: "a red cube",
          boxes: [box],
          seed: "18446744073709551615",
        });
        expect(answer.headers.get("content-type")).toBe("image/png");
        const png = new Uint8Array(await answer.arrayBuffer());
        expect((await decodeImage(png)).width).toBe(32);
        expect(recipeFromBytes(png, "answer").seed).toBe(18446744073709551615n);
        const wrong = await ask({ prompt: "a house", boxes: [box] });
        expect([wrong.status, await wrong.text()]).toEqual([
          400,
          expect.stringMatching(/red cube/),
        ]);
        const told = async (answers: Promise<Response>[]) =>
          (await Promise.all(answers)).map(({ status }) => status);
        const prompt = "a red cube";
        // Whatever JSON may hold is the client's fault.
        const faulty = [
          null,
          3,
          [],
          {},
          { prompt: 3 },
          { prompt, boxes: [null] },
          { prompt, seed: 7 },
        ];
        const more = [
          { prompt, boxes: [{ ...box, words: 3 }] },
          { prompt, steps: 201 },
        ];
        const bad = [...faulty, ...more].map((body) => ask(body));
        expect(new Set(await told([...bad, post("{")]))).toEqual(new Set([400]));
        const other = { headers: { ...headers, origin: "https://elsewhere.org" } };
        expect(
          await told([
            fetch(address),
            post("{}", { headers: { "content-type": "text/plain" } }),
            post("{}", other),
            post(`{"prompt":"${"a ".repeat(40_000)}"}`),
          ]),
        ).toEqual([405, 415, 403, 413]);
        const stop = new AbortController();
        // So many steps that no machine is done before the client hangs up.
        const dropped = ask({ prompt, steps: 200 }, stop.signal);
        setTimeout(() => stop.abort(), 100);
        await expect(dropped).rejects.toThrow(/abort/);
        await expect.poll(output, { timeout: 30_000 }).toContain("the client hung up");
      } finally {
        child.kill();
      }
    },
    SLOW,
  );

  it.skipIf(!hasChromium())(
    "let the picture follow a box in a browser",
    async () => {
      const { child, output } = start("live.ts", "0");
      const browser = await launchChromium();
      try {
        await expect.poll(output, { timeout: SLOW }).toMatch(/http:\S+\n/);
        const address = /http:\S+/.exec(output())![0];
        const page = await browser.newPage();
        const orders: Order[] = [];
        page.on("request", (request) => {
          if (request.url().endsWith("/draw")) orders.push(request.postDataJSON() as Order);
        });
        await page.goto(address);
        const status = page.getByRole("status");
        await expect.poll(() => status.textContent(), { timeout: SLOW }).toMatch(/^4 .* ms$/);
        const first = await page.locator("#stage img").getAttribute("src");
        const box = page.getByRole("group", { name: "red cube" });
        const { x, y } = (await box.boundingBox())!;
        await page.mouse.move(x + 20, y + 20);
        await page.mouse.down();
        await page.mouse.move(x + 60, y + 50, { steps: 5 });
        await page.mouse.up();
        const stepsAsked = () => orders.map(({ steps }) => steps).join("");
        await expect.poll(stepsAsked, { timeout: SLOW }).toMatch(/^4.*2.*4$/);
        const [before, after] = [orders[0]!, orders.at(-1)!].map(({ boxes }) => boxes[0]!.box);
        expect(after![0]).toBeGreaterThan(before![0]);
        expect(after![2] - after![0]).toBeCloseTo(before![2] - before![0]);
        await expect.poll(() => page.locator("#stage img").getAttribute("src")).not.toBe(first);
        await box.press("ArrowDown");
        await expect.poll(() => orders.at(-1)!.boxes[0]!.box[1]).toBeCloseTo(after![1] + 0.02);
        await page.getByLabel("Prompt").fill("a house");
        await page.getByLabel("Prompt").press("Enter");
        await expect.poll(() => status.textContent(), { timeout: SLOW }).toMatch(/red cube/);
      } finally {
        await browser.close();
        child.kill();
      }
    },
    SLOW,
  );

  it(
    "serve the live page to nobody else",
    async () => {
      const { child, output } = start("live.ts", "0");
      try {
        await expect.poll(output, { timeout: SLOW }).toMatch(/http:\S+\n/);
        const address = /http:\S+/.exec(output())![0];
        // What a page from elsewhere can send without asking.
        const sent = await fetch(`${address}draw`, { method: "POST", body: "{}" });
        expect(sent.status).toBe(403);
        const headers = { "content-type": "application/json" };
        for (const [order, reason] of [
          [{ prompt: "a".repeat(70_000) }, /65536/],
          [null, /prompt: expected a text/],
          [{ prompt: "a cat", steps: 900 }, /steps: expected 50 or fewer, got 900/],
        ] as const) {
          const body = JSON.stringify(order);
          const refused = await fetch(`${address}draw`, { method: "POST", headers, body });
          const told = [refused.status, await refused.text()];
          expect(told).toEqual([400, expect.stringMatching(reason)]);
        }
      } finally {
        child.kill();
      }
    },
    SLOW,
  );
});
