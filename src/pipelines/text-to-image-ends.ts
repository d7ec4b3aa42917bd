// The two ends of a pipeline: prompts to embeddings, latents to pictures.

import { integers } from "../core/tensor.js";
import { sizeOf } from "../core/shape.js";
import type { Latent } from "../diffusion/index.js";
import { Graph } from "../engine/graph.js";
import type { Runtime, Session } from "../engine/runtime/session.js";
import { pickRows } from "../guidance/rows.js";
import type { Picture } from "../io/image.js";
import { textEncoder } from "../models/text-encoder/index.js";
import type { TextEncoderConfig } from "../models/text-encoder/index.js";
import type { Encoding } from "../models/tokenizer/index.js";
import { SessionCache } from "./denoiser-sessions.js";
import type { DecoderConfig } from "./text-to-image-decoder.js";
import type { PartWeights } from "./text-to-image-weights.js";

interface Place {
  readonly runtime: Runtime;
  readonly threads: number | undefined;
}

const compile = ({ runtime, threads }: Place, graph: Graph): Promise<Session> =>
  runtime.compile(graph, threads === undefined ? {} : { threads });

/** Encoded prompts that are kept. */
const KEPT_PROMPTS = 64;

/** Prompts to embeddings. Prompts are encoded one at a time, so that none depends on its company. */
export class PromptEncoder {
  private readonly cache = new SessionCache(1);
  private readonly known = new Map<string, Latent>();

  constructor(
    private readonly config: TextEncoderConfig,
    private readonly weights: PartWeights,
    private readonly place: Place,
  ) {}

  /** A prompt's embeddings in each of `rows` rows, [rows, T, D]. Throws the signal's reason. */
  async encode({ ids }: Encoding, rows: number, signal?: AbortSignal): Promise<Latent> {
    const key = ids.join();
    const known = this.known.get(key) ?? (await this.run(ids, signal));
    this.known.delete(key);
    this.known.set(key, known);
    if (this.known.size > KEPT_PROMPTS) this.known.delete([...this.known.keys()][0]!);
    return pickRows(known, new Array<number>(rows).fill(0));
  }

  release(): Promise<void> {
    return this.cache.release();
  }

  private run(ids: readonly number[], signal: AbortSignal | undefined): Promise<Latent> {
    const build = (): Promise<Session> => {
      const graph = new Graph();
      const input = graph.input("ids", "int64", [1, ids.length]);
      const { lastHiddenState } = textEncoder(this.weights.in(graph), this.config, input);
      graph.output("embeddings", lastHiddenState);
      return compile(this.place, graph);
    };
    const use = async (session: Session): Promise<Latent> => {
      const feeds = { ids: integers([1, ids.length], ids) };
      return (await session.run(feeds, {}, signal))["embeddings"] as Latent;
    };
    return this.cache.run(String(ids.length), build, use, signal);
  }
}

/** Latents to pictures, one at a time. */
export class PictureDecoder {
  private readonly cache = new SessionCache(1);

  constructor(
    private readonly config: DecoderConfig,
    private readonly weights: PartWeights,
    private readonly place: Place,
  ) {}

  /**
   * Pictures of the first `count` rows of latents [N, h, w, C] in the denoiser's scale; all when absent. Throws the
   * signal's reason within a row of its abort.
   */
  async decode(
    latents: Latent,
    count = latents.shape[0]!,
    signal?: AbortSignal,
  ): Promise<Picture[]> {
    const pictures: Picture[] = [];
    for (let row = 0; row < count; row++) {
      pictures.push(await this.run(pickRows(latents, [row]), signal));
      signal?.throwIfAborted();
    }
    return pictures;
  }

  release(): Promise<void> {
    return this.cache.release();
  }

  private run(latents: Latent, signal: AbortSignal | undefined): Promise<Picture> {
    const build = (): Promise<Session> => {
      const graph = new Graph();
      const input = graph.input("latents", "float32", latents.shape);
      graph.output("picture", this.config.decode(this.weights.in(graph), input));
      return compile(this.place, graph);
    };
    const use = async (session: Session): Promise<Picture> =>
      toPicture((await session.run({ latents }, {}, signal))["picture"] as Latent);
    return this.cache.run(latents.shape.join("x"), build, use, signal);
  }
}

/** Colours in 0 to 1, [1, H, W, 3], as bytes. */
function toPicture({ shape, data }: Latent): Picture {
  const [, height, width] = shape as [number, number, number, number];
  const bytes = new Uint8Array(sizeOf(shape));
  data.forEach((value, i) => (bytes[i] = Math.round(255 * value)));
  return { width, height, data: bytes };
}
