import { describe, expect, it } from "vitest";
import type { EvaluateRequest, ModelReport, PlacementTable, TrainRequest } from "./services.js";
import { runWith } from "./test-context.js";

const report: ModelReport = {
  name: "stage",
  digest: "sha256:00",
  folder: "models/stage",
  parts: [
    {
      part: "unet",
      className: "UNet2DConditionModel",
      parameters: 9e6,
      bytes: 18e6,
      dtype: "float16",
    },
  ],
  sites: [{ name: "down.1.attn.0.cross", columns: 12, rows: 12, heads: 4, tokens: 77 }],
  facts: { size: "96x96", prediction: "v" },
  vocabulary: { colours: ["red", "blue"] },
  unsupported: ["other sizes than 96x96"],
};

describe("inspect", () => {
  const services = { inspection: () => Promise.resolve({ inspectModel: async () => report }) };

  it("prints the report for a person or as JSON", async () => {
    const { stdout } = await runWith(["inspect", "stage"], { services });
    expect(stdout).toContain("prediction  v\n");
    expect(stdout).toContain("unet  UNet2DConditionModel     9000000  18000000  float16\n");
    expect(stdout).toContain("down.1.attn.0.cross  12x12      4      77\n");
    expect(stdout).toContain("it can draw:\n  colours: red, blue\n");
    expect(stdout).toContain("it cannot:\n  other sizes than 96x96\n");
    const json = await runWith(["inspect", "--json"], { services });
    expect(JSON.parse(json.stdout)).toEqual(report);
  });
});

describe("train", () => {
  const asked: TrainRequest[] = [];
  const result = { folder: "runs/00000-stage", steps: 10, unfinished: false };
  const services = {
    training: () =>
      Promise.resolve({
        resolveTraining: async (request: TrainRequest) => ({
          config: { ...request.overrides, steps: 10 },
          remarks: ["warning: no pictures"],
        }),
        train: async (request: TrainRequest) => {
          asked.push(request);
          return result;
        },
      }),
  };

  it("passes the configuration, its overrides and where to go on", async () => {
    const flags = ["--set", "ema.decay=0.99", "--set", "name=a=b", "--set", "flip=false"];
    const ran = await runWith(["train", "mini", ...flags, "--minutes", "90"], { services });
    expect(ran).toMatchObject({ code: 0, stdout: "runs/00000-stage\n" });
    const overrides = { "ema.decay": 0.99, name: "a=b", flip: false };
    expect(asked.pop()).toEqual({ config: "mini", overrides, minutes: 90 });
    await runWith(["train", "--resume"], { services });
    expect(asked.pop()).toEqual({ overrides: {}, resume: "latest" });
  });

  it("prints the configuration on a dry run and does not train", async () => {
    const { stdout, stderr } = await runWith(["train", "--set", "a=1", "--dry-run"], { services });
    expect(JSON.parse(stdout)).toEqual({ a: 1, steps: 10 });
    expect(stderr).toBe("warning: no pictures\n");
    const aimed = await runWith(["train", "--target", "endpoint", "--dry-run"], { services });
    expect(JSON.parse(aimed.stdout)).toEqual({ "target.kind": "endpoint", steps: 10 });
    expect(asked).toEqual([]);
  });

  it.each([
    [["train", "--set", "decay"], /--set: expected PATH=VALUE, got "decay"/],
    [["train", "--resume", "-o", "x"], /--output or --resume, got both/],
    [
      ["train", "--target", "a", "--set", "target.kind=b"],
      /--target or --set target\.kind, got both/,
    ],
    [["train", "--minutes", "soon"], /--minutes: expected a number/],
  ])("%j is refused", async (argv, message) => {
    const { code, stderr } = await runWith(argv, { services });
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });
});

describe("evaluate placement", () => {
  const row = {
    method: "direct",
    found: 1,
    colourRight: 0.9,
    centreInBox: 0.855,
    meanIou: 0.5,
    bothInBox: null,
    relationKept: null,
    evaluations: 40,
  };
  const table: PlacementTable = {
    model: "stage",
    digest: "sha256:00",
    split: "tune",
    count: 20,
    rows: [row],
  };
  let asked: EvaluateRequest | undefined;
  const services = {
    evaluation: () =>
      Promise.resolve({
        evaluatePlacement: async (request: EvaluateRequest) => {
          asked = request;
          return table;
        },
      }),
  };

  it("prints the table for a person or as JSON", async () => {
    const argv = ["evaluate", "placement", "--count", "20", "--split", "tune"];
    const { stdout } = await runWith(argv, { services });
    expect(asked).toEqual({ model: "stage", split: "tune", count: 20 });
    const cells = stdout.trim().split("\n").at(-1)!.split(/\s+/);
    expect(cells).toEqual(["direct", "100.0", "90.0", "85.5", "0.500", "-", "-", "40"]);
    const json = await runWith([...argv, "--json"], { services });
    expect(JSON.parse(json.stdout)).toEqual(table);
  });

  it("refuses a split that is not in the list", async () => {
    const { stderr } = await runWith(["evaluate", "placement", "--split", "train"], { services });
    expect(stderr).toContain('--split: expected one of test, tune, got "train".');
  });
});
