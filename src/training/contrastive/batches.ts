// Pairs of latents and captions for contrastive training, and where each caption is pooled.

import { float16ToFloat32 } from "../../core/float16.js";
import { floats, integers } from "../../core/tensor.js";
import type { Tensors } from "../../engine/runtime/session.js";
import type { Tokenizer } from "../../models/tokenizer/index.js";
import { ShuffledOrder, streamOf } from "../data/streams.js";
import type { CaptionedLatents } from "../text-to-image/batches.js";

/** The inputs of any step, counted from 1; the step's randomness follows from the seed and the step. */
export function contrastiveBatches(
  { latents, captions }: CaptionedLatents,
  tokenizer: Tokenizer,
  { batch, seed, scalingFactor }: { batch: number; seed: number; scalingFactor: number },
): (k: number) => Tensors {
  const order = new ShuffledOrder(captions.length, batch, seed);
  const shape = [batch, ...latents.shape.slice(1)];
  const each = shape.slice(1).reduce((a, b) => a * b, 1);
  return (k) => {
    const entries = order.at(k);
    const stream = streamOf(seed, 2, k);
    const texts = entries.map((entry) => captions[entry]!);
    const encoded = texts.map((text) => tokenizer.encode(text));
    const tokens = encoded[0]!.ids.length;
    const values = new Float32Array(batch * each);
    const pool = new Float32Array(batch * tokens);
    entries.forEach((entry, i) => {
      values.set(
        float16ToFloat32(latents.data.subarray(entry * each, (entry + 1) * each)),
        i * each,
      );
      const end = encoded[i]!.length - 1;
      pool[i * tokens + end + Math.floor(stream.random() * (tokens - end))] = 1;
    });
    const same = texts.flatMap((text) => {
      const equals = texts.map((other) => Number(other === text));
      const count = equals.reduce((a, b) => a + b, 0);
      return equals.map((value) => value / count);
    });
    return {
      latents: floats(
        shape,
        values.map((value) => value * scalingFactor),
      ),
      ids: integers(
        [batch, tokens],
        encoded.flatMap(({ ids }) => [...ids]),
      ),
      pool: floats([batch, tokens], pool),
      same: floats([batch, batch], same),
    };
  };
}
