// The commands that docs/ shows: each is taken as the command line takes it; those of training describe a run.

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import { runWith } from "../../src/cli/test-context.js";
import { taskOf } from "../../src/distillation/kinds.js";
import type { TrainRequest, TrainService } from "../../src/pipelines/train-request.js";
import { nameOf, readDocument, withOverrides } from "../../src/training/run/document.js";

/** A page's commands of such a verb, in blocks and in sentences, with lines that a backslash goes on joined. */
async function commandsOf(page: string, verb: string): Promise<string[]> {
  const text = await readFile(new URL(`../../docs/${page}`, import.meta.url), "utf8");
  const whole = text.replace(/\\\n\s*/g, "");
  const commands = whole.matchAll(new RegExp(`followspot (${verb} [^\`#\n]+)`, "g"));
  return [...commands].map(([, command]) => command!.trim());
}

/** A command's words, as a shell divides them. */
const wordsOf = (command: string): string[] =>
  (command.match(/(?:'[^']*'|\S)+/g) ?? []).map((word) => word.replaceAll("'", ""));

/** What a command orders. */
async function requestOf(command: string): Promise<TrainRequest> {
  const requests: TrainRequest[] = [];
  const training: TrainService = {
    train: async (request) => {
      requests.push(request);
      return { folder: "runs/1", steps: 1, unfinished: true };
    },
    resolveTraining: async (request) => {
      requests.push(request);
      return { config: {}, remarks: [] };
    },
  };
  const services = { training: () => Promise.resolve(training) };
  const { code, stderr } = await runWith(wordsOf(command), { services });
  expect(code, stderr).toBe(0);
  return requests[0]!;
}

/** The preset that an order is about: a run to go on with is named for it. */
function presetOf({ config, resume }: TrainRequest): string {
  const run = /^\d+-(.+)$/.exec(nameOf(resume ?? ""));
  return run?.[1] ?? config ?? "stage";
}

describe.each([
  ["distill.md", 10],
  ["training.md", 12],
])("the commands of docs/%s", async (page, least) => {
  const commands = await commandsOf(page, "train");

  it("are found", () => {
    expect(commands.length).toBeGreaterThanOrEqual(least);
  });

  it.each(commands)("%s", async (command) => {
    const request = await requestOf(command);
    const { document } = await readDocument(presetOf(request));
    const changed = withOverrides(document, taskOf(document).config, request.overrides);
    expect(taskOf(changed).steps).toBeGreaterThan(0);
  });
});

/** A service that says what it was asked for, and does nothing. */
const asked = new Proxy(
  {},
  {
    // What is awaited may not be taken for a promise.
    get: (_, method) =>
      method === "then"
        ? undefined
        : () => Promise.reject(new FollowspotError(`asked: ${String(method)}.`)),
  },
);

const ASKED: Partial<Record<string, () => Promise<never>>> = Object.fromEntries(
  ["sampling", "evaluation", "distribution", "errors"].map((name) => [
    name,
    () => Promise.resolve(asked as never),
  ]),
);

describe.each([
  ["distill.md", "sample", 3, /samplePictures/],
  ["distill.md", "evaluate", 2, /evaluate(Distribution|Information)/],
  [
    "evaluate.md",
    "evaluate (?:placement|distribution|denoising|fitting|information)",
    6,
    /evaluate\w+/,
  ],
  ["training.md", "sample", 1, /samplePictures/],
])("the commands of docs/%s, %s", async (page, verb, least, method) => {
  // A mention in a sentence names no folders.
  const commands = (await commandsOf(page, verb)).filter((command) => command.includes(" --"));

  it("are found", () => {
    expect(commands.length).toBeGreaterThanOrEqual(least);
  });

  it.each(commands)("%s", async (command) => {
    const { stderr } = await runWith(wordsOf(command), { services: ASKED });
    expect(stderr).toMatch(new RegExp(`asked: ${method.source}`));
  });
});
