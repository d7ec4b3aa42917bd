// The placement evaluation from a model's folder to the table, with a model of a few kilobytes that knows nothing.

import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Reporter } from "../../src/pipelines/draw-request.js";
import { evaluatePlacement } from "../../src/pipelines/evaluate.js";
import type { EvaluateRequest } from "../../src/pipelines/evaluate-request.js";
import { tinyPipeline } from "../pipelines/tiny-pipeline.js";

const root = await mkdtemp(join(tmpdir(), "evaluate-"));
let model: Awaited<ReturnType<typeof tinyPipeline>>;
beforeAll(async () => (model = await tinyPipeline()));
afterAll(async () => {
  model.remove();
  await rm(root, { recursive: true });
});

const request = (more: Partial<EvaluateRequest>): EvaluateRequest => ({
  ...{
    model: model.folder,
    split: "tune",
    count: 2,
    methods: ["dd"],
    threads: 1,
    runs: join(root, "runs"),
  },
  ...more,
});

/** A reporter that remembers, and does something at a step. */
function remembering(atStep: (done: number) => void = () => undefined) {
  const told = { total: 0, done: 0, notes: [] as string[] };
  const reporter: Reporter = {
    start: (total) => void (told.total = total),
    step: (done) => atStep((told.done = done)),
    note: (line) => void told.notes.push(line),
    finish: () => undefined,
  };
  return { told, reporter };
}

describe("evaluatePlacement", () => {
  const settings = { steps: 2, cfg: 3, until: [1] };

  it(
    "stops when asked, keeps what was drawn, and goes on with the rest",
    { timeout: 300_000 },
    async () => {
      const stop = new AbortController();
      const { told, reporter } = remembering((done) => {
        if (done === 2) stop.abort(new Error("stopped"));
      });
      const cut = evaluatePlacement(request({ settings }), reporter, stop.signal);
      await expect(cut).rejects.toThrow("stopped");
      // Two triples, each plainly, by the method, and through the autoencoder.
      expect(told).toMatchObject({ total: 6, done: 2 });

      const rest = remembering();
      const output = join(root, "results");
      const again = request({ settings, output, jobs: 2 });
      const table = await evaluatePlacement(again, rest.reporter, new AbortController().signal);
      expect(rest.told).toMatchObject({ total: 4, done: 4, notes: [`page and sheets: ${output}`] });
      expect(table.rows.map(({ method, evaluations }) => [method, evaluations])).toEqual([
        ["chance", 4],
        ["none", 4],
        // At both steps the plain maps, and five times forward and back.
        ["dd until 1", 4 + 2 * 11],
        ["ceiling", 0],
      ]);
      const written = await readFile(join(output, "placement.json"), "utf8");
      expect(JSON.parse(written)).toEqual(table);
      expect(JSON.parse(written)).toMatchObject({ count: 2, split: "tune" });
      const files = await readdir(output);
      expect(files).toContain("README.md");
      expect(files.filter((name) => name.startsWith("sheet-"))).toHaveLength(3);
    },
  );

  it("refuses a longer list than there is, and choosing on the test list", async () => {
    const { signal } = new AbortController();
    const { reporter } = remembering();
    const long = evaluatePlacement(request({ count: 201 }), reporter, signal);
    await expect(long).rejects.toThrow("expected a count of 1 to 200 for tune, got 201");
    const chosen = evaluatePlacement(request({ split: "test", settings }), reporter, signal);
    await expect(chosen).rejects.toThrow("expected the defaults on the test list");
  });
});
