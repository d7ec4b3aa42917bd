// Configurations: defaults, wrong values, and options that are valid in diffusers but not built here.

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { FollowspotError } from "../../src/core/errors.js";
import {
  parseNewTextEncoderConfig,
  parseTextEncoderConfig,
} from "../../src/models/text-encoder/index.js";
import { parseNewUNetConfig, parseUNetConfig, sitesOf } from "../../src/models/unet/index.js";
import {
  parseAutoencoderKLConfig,
  parseAutoencoderTinyConfig,
  parseNewAutoencoderTinyConfig,
} from "../../src/models/vae/index.js";

/** The message of the FollowspotError that `action` throws. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof FollowspotError) return error.message;
    throw error;
  }
  throw new Error("refusal: expected an error, got none");
}

describe("configurations", () => {
  it("fill in the defaults of Stable Diffusion 1", () => {
    const config = parseUNetConfig({
      cross_attention_dim: 768,
      _class_name: "UNet2DConditionModel",
    });
    expect(config.block_out_channels).toEqual([320, 640, 1280, 1280]);
    expect(sitesOf(config, 64, 64, 77)).toHaveLength(32);
  });

  it("accept options that are spelt out but off", () => {
    const off = { class_embed_type: null, dual_cross_attention: false, attention_type: "default" };
    expect(parseUNetConfig(off)).toEqual(parseUNetConfig({}));
  });

  it.each([
    [
      { addition_embed_type: "text_time" },
      'addition_embed_type: expected null or false, got "text_time"',
    ],
    [{ resnet_time_scale_shift: "scale_shift" }, 'expected "default", got "scale_shift"'],
    [
      { attention_head_dim: [5, 10] },
      "attention_head_dim: expected 4 values, one per block, got 2",
    ],
    [{ down_block_types: ["AttnDownBlock2D"] }, "down_block_types[0]"],
    [{ block_out_channels: [30, 64, 64, 64] }, "block_out_channels"],
    [{ cross_attention_dim: [768, 768, 768, 1024] }, "cross_attention_dim"],
    [{ layers_per_block: 0 }, "layers_per_block"],
    [null, "unet config"],
  ])("refuse %j", (json, message) => {
    expect(refusal(() => parseUNetConfig(json))).toContain(message);
  });

  it("refuse what the other models do not have", () => {
    expect(refusal(() => parseTextEncoderConfig({ hidden_act: "relu" }))).toContain("hidden_act");
    const heads = { hidden_size: 100, num_attention_heads: 8 };
    expect(refusal(() => parseTextEncoderConfig(heads))).toContain("a multiple of 8 heads");
    const widths = { encoder_block_out_channels: [32, 64, 64, 64] };
    expect(refusal(() => parseAutoencoderTinyConfig(widths))).toContain("one width");
    expect(refusal(() => parseAutoencoderTinyConfig({ upsample_fn: "bilinear" }))).toContain(
      "nearest",
    );
    const blocks = { block_out_channels: [32, 64] };
    expect(refusal(() => parseAutoencoderKLConfig(blocks))).toContain("down_block_types");
  });

  it("of networks to be trained have no option that there is not, but remarks and what is written beside", async () => {
    const stage = new URL("../../models/stage/text_encoder/config.json", import.meta.url);
    const written = JSON.parse(await readFile(stage, "utf8")) as object;
    expect(parseNewTextEncoderConfig(written)).toEqual(parseTextEncoderConfig(written));
    const off = { class_embed_type: null, _class_name: "UNet2DConditionModel" };
    expect(parseNewUNetConfig(off)).toEqual(parseUNetConfig(off));
    const mistyped = { norm_num_group: 8 };
    expect(parseUNetConfig(mistyped)).toEqual(parseUNetConfig({}));
    expect(refusal(() => parseNewUNetConfig(mistyped))).toMatch(
      /^unet config: expected options of .*norm_num_groups.*, got norm_num_group\./,
    );
    expect(refusal(() => parseNewTextEncoderConfig({ ...written, width: 8 }))).toMatch(/got width/);
    expect(refusal(() => parseNewAutoencoderTinyConfig({ latent_channel: 8 }))).toMatch(
      /got latent_channel\./,
    );
  });
});
