// A teacher's batches, masks and losses: what each step is fed, and that losses and their gradients are what they say.

import { describe, expect, it } from "vitest";
import { expectClose } from "../../../test/closeness.js";
import { evaluate } from "../../../test/reference/index.js";
import { TINY_SIZE, tinyTeacherDocument } from "../../../test/training/tiny-teacher.js";
import { Generator } from "../../core/generator.js";
import { floats } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { signalWeight } from "../../diffusion/continuous-loss.js";
import { logSnrSchedule } from "../../diffusion/log-snr.js";
import { HEADS, PREDICTION_OF_HEAD, toX0 } from "../../diffusion/parameterisations.js";
import { Graph } from "../../engine/graph.js";
import type { PictureDataset } from "../../io/dataset/index.js";
import { Packing, PackedWeights } from "../../nn/packed-weights.js";
import { collectSpecs } from "../../nn/input-weights.js";
import { diffuse } from "../losses.js";
import { TeacherBatches } from "./batches.js";
import { outputChannels, teacherSchema } from "./config.js";
import type { TeacherConfig } from "./config.js";
import { maskShapes, teacherLoss } from "./loss.js";
import { drawMask, keepShare } from "./masks.js";
import { teacherPrediction } from "./network.js";

const COUNT = 9;
const CELLS = TINY_SIZE ** 2;

/** Pictures whose left half is their number and whose right half is black. */
const numbered: PictureDataset = {
  count: COUNT,
  size: TINY_SIZE,
  channels: 1,
  digest: "none",
  resizing: "as they are",
  nameOf: String,
  pictures: async (indices) => ({
    pixels: Uint8Array.from(
      indices.flatMap((index) =>
        Array.from({ length: CELLS }, (_, i) => (i % TINY_SIZE < TINY_SIZE / 2 ? 10 + index : 0)),
      ),
    ),
    labels: Int32Array.from(indices, (index) => index % 3),
  }),
  close: async () => undefined,
};

function configOf(change: object = {}): TeacherConfig {
  return teacherSchema.parse({ ...tinyTeacherDocument("nowhere", 10), ...change });
}

describe("the batches of a teacher", () => {
  it("follow from the seed and the step alone", async () => {
    const [one, two] = [
      new TeacherBatches(numbered, configOf()),
      new TeacherBatches(numbered, configOf()),
    ];
    await one.at(1);
    await one.at(2);
    expect(await two.at(3)).toEqual(await one.at(3));
    const other = new TeacherBatches(numbered, configOf({ seed: 4 }));
    expect((await other.at(3))["noise"]).not.toEqual((await two.at(3))["noise"]);
  });

  it("show every picture once an epoch, half of them mirrored, some without their class", async () => {
    const batches = new TeacherBatches(numbered, configOf({ batch: 3 }));
    const [seen, mirrored, classless]: [number[], boolean[], boolean[]] = [[], [], []];
    for (let k = 1; k <= 60; k++) {
      const { pictures, classLabels } = await batches.at(k);
      for (let row = 0; row < 3; row++) {
        const values = (pictures!.data as Float32Array).subarray(row * CELLS, (row + 1) * CELLS);
        const level = Math.round((Math.max(...values) + 1) * 127.5) - 10;
        seen.push(level);
        mirrored.push(values[0] === -1);
        const label = Number(classLabels!.data[row]);
        if (label !== 3) expect(label).toBe(level % 3);
        classless.push(label === 3);
      }
    }
    for (let epoch = 0; epoch < 20; epoch++) {
      expect(new Set(seen.slice(epoch * COUNT, (epoch + 1) * COUNT)).size).toBe(COUNT);
    }
    const shareOf = (flags: boolean[]): number => flags.filter(Boolean).length / flags.length;
    expect(Math.abs(shareOf(mirrored) - 0.5)).toBeLessThan(0.12);
    expect(Math.abs(shareOf(classless) - 0.2)).toBeLessThan(0.1);
  });

  it("spread their times over all levels, or over a grid", async () => {
    const { level } = logSnrSchedule({ kind: "cosine" });
    const { timestep, alpha } = await new TeacherBatches(numbered, configOf()).at(1);
    const times = Array.from(timestep!.data as Float32Array, (value) => (value + 1) / 1000);
    times.forEach((t, i) => {
      expect(Math.floor(t * 4)).toBe(i);
      expect(alpha!.data[i]).toBeCloseTo(level(t).alpha, 5);
    });
    const grid = await new TeacherBatches(numbered, configOf({ times: 2 })).at(1);
    expect(Array.from(grid["timestep"]!.data as Float32Array)).toEqual([499, 499, 999, 999]);
  });
});

describe("masks", () => {
  it("drop their share, and repeat with their stream", () => {
    const mask = drawMask(new Generator(1n), [100, 101], 0.25);
    expect(drawMask(new Generator(1n), [100, 101], 0.25)).toEqual(mask);
    const kept = mask.data.reduce((sum, bit) => sum + bit, 0) / mask.data.length;
    expect(Math.abs(kept - keepShare(0.25))).toBeLessThan(0.02);
    expect(keepShare(0.1)).toBe(1 - 26 / 256);
  });

  it("are asked for once a residual block", () => {
    const shapes = maskShapes(configOf(), { batch: 2, size: TINY_SIZE });
    expect(shapes.size).toBe(8);
    expect(shapes.get("dropout.down_blocks.0.resnets.0")).toEqual([2, 8, 8, 4]);
    const { unet } = configOf();
    const plain = { unet: { ...unet, dropout: 0 }, head: "v" } as const;
    expect(maskShapes(plain, { batch: 2, size: TINY_SIZE }).size).toBe(0);
  });
});

/** A loss with its gradient along a direction, and what the network predicts of the same noisy pictures. */
async function lossCase(change: object) {
  const config = configOf({ batch: 2, ...change });
  const shape = { batch: 2, size: TINY_SIZE };
  const build = teacherLoss(config, shape);
  const packing = new Packing(collectSpecs((w) => void build(w, w.graph)));
  const graph = new Graph();
  const vector = graph.input("weights", "float32", [packing.size]);
  const weights = new PackedWeights(vector, packing);
  const { loss } = build(weights, graph);
  const generator = new Generator(8n);
  const values = generator.randn([packing.size]).data.map((value) => 0.2 * value);
  const feeds = await new TeacherBatches(numbered, config).at(1);
  return { config, packing, graph, weights, loss, values, feeds, generator };
}

// The weightings of every prediction are compared beside them; two of them tell whether the loss takes them up.
const losses = HEADS.flatMap((head) =>
  (["truncated-snr", "constant"] as const).map((loss) => {
    const { unet } = tinyTeacherDocument("nowhere", 1);
    return [
      head,
      loss,
      { head, loss, unet: { ...unet, out_channels: outputChannels(head, 1) } },
    ] as const;
  }),
);

describe("the loss of a teacher", () => {
  it.each(losses)(
    "of head %s weighted by %s is that of the clean pictures, once",
    async (head, weighting, change) => {
      // Without dropped activations, so that the network alone is what the loss sees.
      const plain = { ...change, unet: { ...change.unet, dropout: 0 }, times: 4 };
      const { config, graph, weights, loss, values, feeds, packing } = await lossCase(plain);
      graph.output("loss", loss);
      const given = (name: string) => graph.inputs.get(name)!;
      const [alpha, sigma] = [given("alpha"), given("sigma")];
      const { noisy } = diffuse(given("pictures"), given("noise"), alpha, sigma);
      graph.output("noisy", noisy);
      const inputs = { sample: noisy, alpha, sigma, timestep: given("timestep") };
      const classLabels = given("classLabels");
      graph.output("prediction", teacherPrediction(weights, config, { ...inputs, classLabels }));
      const vector = floats([packing.size], values);
      const made = evaluate(graph, { ...feeds, weights: vector });
      const { level } = logSnrSchedule(config.schedule);
      const errors = [0, 1].map((row) => {
        const rowOf = ({ data }: { data: ArrayLike<number | bigint> }): HostTensor<"float32"> =>
          floats([CELLS], Array.from(data, Number).slice(row * CELLS, (row + 1) * CELLS));
        const here = level(((feeds["timestep"]!.data[row] as number) + 1) / 1000);
        const x0 = toX0(
          PREDICTION_OF_HEAD[head],
          rowOf(made["prediction"]!),
          rowOf(made["noisy"]!),
          here,
        );
        const clean = rowOf(feeds["pictures"]!).data;
        const squared =
          x0.data.reduce((sum, value, i) => sum + (value - clean[i]!) ** 2, 0) / CELLS;
        return signalWeight(weighting, here) * squared;
      });
      const expected = (errors[0]! + errors[1]!) / 2;
      expect(made["loss"]!.data[0]! / expected).toBeCloseTo(1, 3);
    },
  );

  it.each(losses.filter(([, loss]) => loss === "truncated-snr"))(
    "of head %s has the gradient of its finite differences, with dropped activations",
    async (_head, _loss, change) => {
      const { graph, weights, loss, values, feeds, packing, generator } = await lossCase(change);
      graph.output("gradient", weights.gradient(loss));
      graph.output("loss", loss);
      const direction = generator.randn([packing.size]).data;
      const at = (by: number) => {
        const data = Float64Array.from(values, (value, i) => value + by * direction[i]!);
        return evaluate(graph, {
          ...feeds,
          weights: { dtype: "float32", shape: [packing.size], data },
        });
      };
      const gradient = Array.from(at(0)["gradient"]!.data, Number);
      const slope = gradient.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      const step = 1e-5;
      const difference =
        (Number(at(step)["loss"]!.data[0]) - Number(at(-step)["loss"]!.data[0])) / (2 * step);
      expectClose([slope], [difference], { relative: 1e-4, absolute: 0 });
    },
  );
});

describe("a teacher's configuration", () => {
  const { unet } = tinyTeacherDocument("nowhere", 1);
  it.each([
    [{ head: "both" }, /unet.out_channels: expected 2 for head both, got 1/],
    [{ unet: { ...unet, sample_size: 7 } }, /unet.sample_size: expected a multiple of 2, got 7/],
    [{ unet: { ...unet, in_channels: 4 } }, /unet.in_channels: expected 1 or 3, got 4/],
    [{ unet: { ...unet, num_class_embeds: null } }, /class_dropout: expected 0 without/],
    [{ class_dropout: 0 }, /draw.cfg: expected 1 without class_dropout, got 1.5/],
    [{ schedule: { kind: "cosine", min: 20 } }, /schedule.min: expected less than max, 20, got 20/],
    [{ loss: "l2" }, /loss/],
    [{ heads: "v" }, /heads/],
  ])("%o is refused", (change, message) => {
    const result = teacherSchema.safeParse({ ...tinyTeacherDocument("nowhere", 1), ...change });
    const told = result.error?.issues.map(
      ({ path, message: text }) => `${path.join(".")}: ${text}`,
    );
    expect(told?.join("; ")).toMatch(message);
  });

  it("takes no option of the network that there is not, but remarks and those of diffusers", () => {
    const document = (change: object) => ({
      ...tinyTeacherDocument("nowhere", 1),
      unet: { ...unet, ...change },
    });
    expect(() => teacherSchema.parse(document({ dropuot: 0.5 }))).toThrow(
      /^unet2d config: expected options of .*dropout.*, got dropuot\. /,
    );
    const idle = {
      _class_name: "UNet2DModel",
      _diffusers_version: "0.42.1",
      _why: "as in the paper",
      time_embedding_type: "positional",
      class_embed_type: null,
      num_train_timesteps: null,
    };
    expect(teacherSchema.parse(document(idle))).toEqual(teacherSchema.parse(document({})));
  });

  it("checked again gives the same", () => {
    const config = configOf();
    expect(teacherSchema.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });
});
