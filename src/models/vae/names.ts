// The names of an autoencoder's weights, which older files give to its attention differently.

const RENAMED: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/** A weight's name as the autoencoder asks for it: `attentions.0.query.weight` is `….to_q.weight`. */
export function autoencoderWeightName(name: string): string {
  return name.replace(
    /(?<=\.attentions\.\d+\.)(query|key|value|proj_attn)(?=\.(?:weight|bias)$)/,
    (old) => RENAMED[old]!,
  );
}
