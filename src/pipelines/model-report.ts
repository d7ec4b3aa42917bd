// What inspection tells of a checkpoint.

/** One part of a checkpoint: unet, vae, text_encoder and so on. */
export interface PartReport {
  readonly part: string;
  readonly className: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly dtype: string;
}

/** One attention layer and its grid. */
export interface SiteReport {
  readonly name: string;
  readonly columns: number;
  readonly rows: number;
  readonly heads: number;
  /** Keys: 77 for text, columns x rows for self-attention. */
  readonly tokens: number;
}

/** What is in a checkpoint, and what can be done with it. */
export interface ModelReport {
  readonly name: string;
  readonly digest: string;
  readonly folder: string;
  readonly parts: readonly PartReport[];
  readonly sites: readonly SiteReport[];
  /** Single facts such as size, prediction type, sampler and steps. */
  readonly facts: Readonly<Record<string, string | number>>;
  /** Words that the model was trained on, by kind; only where the checkpoint tells. */
  readonly vocabulary?: Readonly<Record<string, readonly string[]>>;
  /** What cannot be done with it, a line each. */
  readonly unsupported: readonly string[];
}

export interface InspectService {
  /** @throws FollowspotError naming the known models if there is none of that name, or if it is damaged. */
  inspectModel(model: string): Promise<ModelReport>;
}
