// The names of a text encoder's weights, which differ between versions of transformers.

const PREFIX = "text_model.";

/**
 * A weight's name as `textEncoder` asks for it: transformers 5 writes names without the leading
 * `text_model.` that the hub's Stable Diffusion folders have.
 */
export function textEncoderWeightName(name: string): string {
  return name.startsWith(PREFIX) || name.startsWith("text_projection.") ? name : PREFIX + name;
}
