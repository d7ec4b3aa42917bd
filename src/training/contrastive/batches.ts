// Pairs of latents and captions for contrastive training, and where each caption is pooled.

import { float16ToFloat32 } from "../../core/float16.js";
import type { Generator } from "../../core/generator.js";
import { floats, integers } from "../../core/tensor.js";
import type { HostTensor } from "../../core/tensor.js";
import type { Tensors } from "../../engine/runtime/session.js";
import type { Encoding, Tokenizer } from "../../models/tokenizer/index.js";
import { ShuffledOrder, streamOf } from "../data/streams.js";
import type { CaptionedLatents } from "../text-to-image/batches.js";
import { wrongCaption } from "./wrong-captions.js";

export interface ContrastiveOptions {
  readonly batch: number;
  readonly seed: number;
  readonly scalingFactor: number;
  /** Whether a nearly right caption stands beside each true one. */
  readonly wrongCaptions: boolean;
}

/** For each caption its share among its equals in `texts`, rows first. */
function sharesOf(captions: readonly string[], texts: readonly string[]): number[] {
  return captions.flatMap((caption) => {
    const equals = texts.map((other) => Number(other === caption));
    const count = equals.reduce((a, b) => a + b, 0);
    return equals.map((value) => value / count);
  });
}

/** Where each caption is pooled, [texts, tokens]: 1 at its end or at a place of the padding, drawn for each. */
function poolOf(encoded: readonly Encoding[], stream: Generator): HostTensor<"float32"> {
  const tokens = encoded[0]!.ids.length;
  const pool = new Float32Array(encoded.length * tokens);
  encoded.forEach(({ length }, i) => {
    const end = length - 1;
    pool[i * tokens + end + Math.floor(stream.random() * (tokens - end))] = 1;
  });
  return floats([encoded.length, tokens], pool);
}

/** The inputs of any step, counted from 1; the step's randomness follows from the seed and the step. */
export function contrastiveBatches(
  { latents, captions }: CaptionedLatents,
  tokenizer: Tokenizer,
  { batch, seed, scalingFactor, wrongCaptions }: ContrastiveOptions,
): (k: number) => Tensors {
  const order = new ShuffledOrder(captions.length, batch, seed);
  const shape = [batch, ...latents.shape.slice(1)];
  const each = shape.slice(1).reduce((a, b) => a * b, 1);
  return (k) => {
    const entries = order.at(k);
    const stream = streamOf(seed, 2, k);
    const named = entries.map((entry) => captions[entry]!);
    const wrong = wrongCaptions ? named.map((text) => wrongCaption(text, stream)) : [];
    const texts = [...named, ...wrong];
    const encoded = texts.map((text) => tokenizer.encode(text));
    const values = new Float32Array(batch * each);
    entries.forEach((entry, i) => {
      values.set(
        float16ToFloat32(latents.data.subarray(entry * each, (entry + 1) * each)),
        i * each,
      );
    });
    return {
      latents: floats(
        shape,
        values.map((value) => value * scalingFactor),
      ),
      ids: integers(
        [texts.length, encoded[0]!.ids.length],
        encoded.flatMap(({ ids }) => [...ids]),
      ),
      pool: poolOf(encoded, stream),
      same: floats([batch, batch], sharesOf(named, named)),
      captions: floats([batch, texts.length], sharesOf(named, texts)),
    };
  };
}
