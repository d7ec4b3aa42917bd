// The papers' networks: their step graphs are built at full size, and run once: CIFAR-10's whole, ImageNet's thinner.

import { describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { sizeOf } from "../../src/core/shape.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { verify } from "../../src/engine/verify.js";
import type { PictureDataset } from "../../src/io/dataset/index.js";
import { initialise } from "../../src/nn/init.js";
import { readDocument } from "../../src/training/run/document.js";
import { trainingStep } from "../../src/training/step.js";
import { TeacherBatches } from "../../src/training/teacher/batches.js";
import { teacherLoss, teacherPacking, teacherSchema } from "../../src/training/teacher/index.js";
import type { TeacherConfig } from "../../src/training/teacher/index.js";
import { initialState, Trainer } from "../../src/training/trainer.js";

/** Colour pictures of noise, of 1000 classes. */
function noisePictures(size: number): PictureDataset {
  return {
    ...{ count: 4, size, channels: 3, digest: "none", resizing: "as they are", nameOf: String },
    pictures: async (indices) => {
      const generator = new Generator(3n);
      return {
        pixels: Uint8Array.from({ length: indices.length * size * size * 3 }, () =>
          Math.floor(256 * generator.random()),
        ),
        labels: Int32Array.from(indices, (index) => 333 * index),
      };
    },
    close: async () => undefined,
  };
}

/** The configuration with a part of the width, a picture at a time. */
function thinned({ unet, ...rest }: TeacherConfig, thinner: number): TeacherConfig {
  const thin = (count: number | null): number | null => count && count / thinner;
  const { attention_head_dim: head, norm_num_groups: groups, attn_norm_num_groups: own } = unet;
  return teacherSchema.parse({
    ...rest,
    batch: 1,
    unet: {
      ...unet,
      block_out_channels: unet.block_out_channels.map(thin),
      attention_head_dim: thin(head),
      norm_num_groups: thin(groups),
      attn_norm_num_groups: thin(own),
    },
  });
}

describe.each([
  // Dhariwal & Nichol 2021 tell 296 M for ImageNet 64x64.
  { preset: "cifar10-paper", millions: 49.5, thinner: 1 },
  // Whole, one picture takes 15.2 GiB (measured once, as this test with `thinner: 1`), which not every machine has.
  { preset: "imagenet64-paper", millions: 295.9, thinner: 8 },
])("$preset", ({ preset, millions, thinner }) => {
  const configOf = async () => teacherSchema.parse((await readDocument(preset)).document);

  it("has the network's size, and a step graph that keeps the rules", async () => {
    const config = await configOf();
    const packing = teacherPacking(config);
    const size = config.unet.sample_size as number;
    expect(packing.specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(packing.size);
    expect(packing.size / 1e6).toBeCloseTo(millions, 1);
    verify(trainingStep(packing, teacherLoss(config, { batch: 1, size })));
  }, 300_000);

  it(`takes a step at 1/${thinner} of the width`, async () => {
    const config = thinned(await configOf(), thinner);
    const size = config.unet.sample_size as number;
    const packing = teacherPacking(config);
    const graph = trainingStep(packing, teacherLoss(config, { batch: 1, size }));
    const session = await nodeRuntime().compile(graph);
    const start = packing.pack(initialise(packing.specs, new Generator(1n)));
    const trainer = new Trainer(session, initialState(start.slice()), { learningRate: () => 1e-3 });
    const report = await trainer.step(await new TeacherBatches(noisePictures(size), config).at(1));
    await session.release();
    expect(report["loss"]).toBeGreaterThan(0);
    const moved = trainer.state.parameters.data.some((value, i) => value !== start[i]);
    // Behind last convolutions that start at 0 nothing moves in the first step.
    expect(moved).toBe(true);
  }, 300_000);
});
