import { describe, expect, it } from "vitest";
import type { EvaluateRequest } from "./services.js";
import { runWith } from "./test-context.js";

const asked: EvaluateRequest[] = [];
const table = { model: "stage", digest: "sha256:00", split: "tune", count: 1, rows: [] };
const services = {
  evaluation: () =>
    Promise.resolve({
      evaluatePlacement: async (request: EvaluateRequest) => (asked.push(request), table),
    }),
};
const evaluate = (...flags: string[]) => runWith(["evaluate", "placement", ...flags], { services });

describe("evaluate placement", () => {
  it("asks for all of the test list when nothing is said", async () => {
    await evaluate();
    expect(asked.pop()).toEqual({ model: "stage", split: "test" });
  });

  it("passes methods, folder, jobs and the settings to choose between", async () => {
    const flags = ["--split", "tune", "--methods", "direct,dd", "-o", "out", "--jobs", "2"];
    await evaluate(...flags, "--strength", "1,2.5", "--trailing", "15,75", "--steps", "10");
    expect(asked.pop()).toEqual({
      model: "stage",
      split: "tune",
      methods: ["direct", "dd"],
      output: "out",
      jobs: 2,
      settings: { strength: [1, 2.5], trailing: [15, 75], steps: 10 },
    });
  });

  it.each([
    [["--methods", "direct,magic"], /--methods: expected one of .*, got "magic"/],
    [["--until", "0.3,2"], /--until: expected a number from 0 to 1, got "2"/],
    [["--strength", "1,"], /--strength: expected a number/],
    [["--trailing", "76"], /--trailing: expected a whole number from 0 to 75/],
    [["--jobs", "0"], /--jobs: expected a whole number/],
  ])("%j is refused", async (flags, message) => {
    const { code, stderr } = await evaluate(...flags);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});
