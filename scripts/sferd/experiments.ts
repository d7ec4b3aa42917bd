// The experiments: what is trained on, how large, and by which judge the pictures are measured.

import { onceRows } from "./once-rows.js";
import type { Row, Scale } from "./row.js";
import { rowsOf } from "./rows.js";

/** An experiment on one data set. */
export interface Experiment {
  readonly data: string;
  /** Side of the pictures. */
  readonly size: number;
  /** Whether the judge of digits looks at them; Inception alone where not. */
  readonly digits: boolean;
  readonly rows: readonly Row[];
}

const MNIST: Scale = {
  name: "mnist",
  data: "data/mnist",
  held: "data/mnist",
  teacher: {},
  larger: { "unet.block_out_channels": "[24,48,112]", "unet.norm_num_groups": "8" },
  peak: "0.001",
  tried: [1, 2, 4, 8, 16, 32],
  first: 8,
  round: 19_200,
  seeds: [2, 3],
};

/** A network that two cores can train, of the preset's kind: self-attention at 8x8. */
const CIFAR10_NETWORK = {
  "unet.block_out_channels": "[24,48,128]",
  "unet.norm_num_groups": "8",
  "unet.attention_head_dim": "16",
  "unet.down_block_types": '["DownBlock2D","DownBlock2D","AttnDownBlock2D"]',
  "unet.up_block_types": '["AttnUpBlock2D","UpBlock2D","UpBlock2D"]',
};

const CIFAR10: Scale = {
  name: "cifar10",
  data: "data/cifar10/train.zip",
  held: "data/cifar10/test.zip",
  teacher: {
    ...CIFAR10_NETWORK,
    steps: "8000",
    "learning_rate.peak": "0.001",
    "learning_rate.floor": "3e-5",
    "learning_rate.warmup": "200",
    "learning_rate.decay": "2500",
    "ema.decay": "0.998",
    sample_every: "800",
  },
  larger: { "unet.block_out_channels": "[40,80,176]" },
  // MNIST's: not tuned on these pictures yet.
  peak: "0.001",
  tried: [1, 2, 4, 8, 16, 32, 64, 128],
  first: 16,
  round: 19_200,
  seeds: [2],
};

/** The same of a teacher of half the steps, whose chain begins at fewer: tried first, and by more rows. */
const CIFAR10_BRIEF: Scale = {
  ...CIFAR10,
  teacher: { ...CIFAR10.teacher, steps: "4000", "learning_rate.decay": "1600" },
  tried: [8, 16],
  first: 8,
};

/** Pictures of 64x64 in 20 classes, by a network that two cores train in an hour or two. */
const TINY_IMAGENET: Scale = {
  name: "tiny-imagenet-20",
  data: "data/tiny-imagenet-20/train.zip",
  held: "data/tiny-imagenet-20/train.zip",
  teacher: {
    "unet.block_out_channels": "[16,32,64,128]",
    "unet.norm_num_groups": "8",
    "unet.attention_head_dim": "16",
    "unet.down_block_types": '["DownBlock2D","DownBlock2D","DownBlock2D","AttnDownBlock2D"]',
    "unet.up_block_types": '["AttnUpBlock2D","UpBlock2D","UpBlock2D","UpBlock2D"]',
    "unet.dropout": "0",
    batch: "16",
    steps: "3000",
    "learning_rate.peak": "0.001",
    "learning_rate.floor": "3e-5",
    "learning_rate.warmup": "100",
    "learning_rate.decay": "1500",
    "ema.decay": "0.998",
    sample_every: "2000",
    "draw.steps": "16",
  },
  larger: {},
  peak: "0.001",
  tried: [8],
  first: 8,
  round: 6400,
  seeds: [],
};

export const EXPERIMENTS: Readonly<Record<string, Experiment>> = {
  mnist: { data: MNIST.data, size: 32, digits: true, rows: rowsOf(MNIST) },
  "tiny-imagenet-20": {
    ...{ data: TINY_IMAGENET.data, size: 64, digits: false },
    rows: onceRows(TINY_IMAGENET),
  },
  cifar10: { data: CIFAR10.data, size: 32, digits: false, rows: rowsOf(CIFAR10) },
  "cifar10-4000": { data: CIFAR10.data, size: 32, digits: false, rows: rowsOf(CIFAR10_BRIEF) },
};
