// Pictures of a model in training: the averaged weights, a fixed seed, a few prompts.

import { floats, integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import { Generator } from "../../core/generator.js";
import { toX0 } from "../../diffusion/parameterisations.js";
import type { Denoiser } from "../../diffusion/denoiser.js";
import type { Schedule } from "../../diffusion/schedule.js";
import { sampleToEnd } from "../../diffusion/samplers/sample.js";
import { Graph } from "../../engine/graph.js";
import type { Runtime, Session } from "../../engine/runtime/session.js";
import { textEncoder } from "../../models/text-encoder/index.js";
import type { Tokenizer } from "../../models/tokenizer/index.js";
import { unet } from "../../models/unet/index.js";
import { ConstantWeights } from "../../nn/constant-weights.js";
import { PackedWeights } from "../../nn/packed-weights.js";
import type { Packing } from "../../nn/packed-weights.js";
import { scoped } from "../../nn/weights.js";
import type { TextToImageConfig } from "./config.js";

const STEPS = 15;
const GUIDANCE = 4;
const SEED = 1n;

export interface PreviewParts {
  readonly tokenizer: Tokenizer;
  readonly schedule: Schedule;
  /** Side of the latents in cells. */
  readonly latentSize: number;
  /** Weights of a text encoder that is not among those in training. */
  readonly text: ReadonlyMap<string, HostTensor> | undefined;
}

/** Draws latents for the config's prompts from a packed vector of weights. */
export class PreviewSampler {
  private constructor(
    private readonly text: Session,
    private readonly network: Session,
    private readonly config: TextToImageConfig,
    private readonly schedule: Schedule,
    private readonly ids: HostTensor<"int64">,
    private readonly picture: readonly number[],
  ) {}

  static async create(
    runtime: Runtime,
    packing: Packing,
    config: TextToImageConfig,
    { tokenizer, schedule, latentSize, text: kept }: PreviewParts,
  ): Promise<PreviewSampler> {
    const prompts = config.sample_prompts;
    const rows = 2 * prompts.length;
    const texts = [...prompts.map(() => ""), ...prompts].map(
      (prompt) => tokenizer.encode(prompt).ids,
    );
    const ids = integers([rows, tokenizer.maxLength], texts.flat());
    const picture = [prompts.length, latentSize, latentSize, config.unet.in_channels];
    const vector = (graph: Graph) =>
      new PackedWeights(graph.input("parameters", "float32", [packing.size]), packing);
    const text = new Graph();
    const trained = scoped(vector(text), "text_encoder");
    const encoded = textEncoder(
      kept ? new ConstantWeights(text, kept) : trained,
      config.text_encoder,
      text.input("ids", "int64", ids.shape),
    );
    text.output("context", encoded.lastHiddenState);
    const network = new Graph();
    const output = unet(scoped(vector(network), "unet"), config.unet, {
      sample: network.input("sample", "float32", [rows, ...picture.slice(1)]),
      timestep: network.input("timestep", "float32", [rows]),
      context: network.input("context", "float32", encoded.lastHiddenState.shape),
    });
    network.output("output", output);
    return new PreviewSampler(
      await runtime.compile(text),
      await runtime.compile(network),
      config,
      schedule,
      ids,
      picture,
    );
  }

  /** Latents [prompts, S, S, C] of the clean pictures, in the model's scale. */
  async draw(parameters: HostTensor<"float32">): Promise<HostTensor<"float32">> {
    const { context } = await this.text.run({ parameters, ids: this.ids });
    const condition = {
      embeddings: context as HostTensor<"float32">,
      conditional: Array.from({ length: context!.shape[0]! }, (_, i) => i >= this.picture[0]!),
    };
    return sampleToEnd({
      denoiser: this.denoiser(parameters),
      condition,
      schedule: this.schedule,
      sampler: "ddim",
      steps: STEPS,
      noise: new Generator(SEED).randn(this.picture),
    });
  }

  /** Frees what was compiled. */
  async release(): Promise<void> {
    await this.text.release();
    await this.network.release();
  }

  private denoiser(parameters: HostTensor<"float32">): Denoiser {
    return {
      denoise: async (x, level, condition) => {
        const rows = condition.conditional.length;
        const sample = floats([rows, ...x.shape.slice(1)], [...x.data, ...x.data]);
        const timestep = floats([rows], new Float32Array(rows).fill(level.timestep));
        const context = condition.embeddings;
        const { output } = await this.network.run({ parameters, sample, timestep, context });
        const data = output!.data as Float32Array;
        const half = data.length / 2;
        const guided = new Float32Array(half);
        for (let i = 0; i < half; i++) {
          guided[i] = data[i]! + GUIDANCE * (data[half + i]! - data[i]!);
        }
        const { prediction } = this.schedule.config;
        return { x0: toX0(prediction, floats(x.shape, guided), x, level) };
      },
    };
  }
}
