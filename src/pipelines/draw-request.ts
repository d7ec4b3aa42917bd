// What is asked of drawing and what comes back: the line between the command line and the pipeline.
import type { SamplerName } from "../diffusion/samplers/registry.js";
import type { Size } from "./box.js";
import type { Recipe } from "./recipe.js";
import type { MethodDefaults } from "./recipe-methods.js";

/** Where a long piece of work tells how far it is. */
export interface Reporter {
  /** Begins a piece of work of `total` equal steps. */
  start(total: number, label: string): void;
  /** `done` of the steps are finished. */
  step(done: number, note?: string): void;
  /** A line that a person should see: a warning, a mapping, a result by the way. */
  note(line: string): void;
  /** Ends the piece of work, finished or not. Without a start before it, nothing. */
  finish(): void;
}

/** What resolving a recipe needs to know of a model, read without loading its weights into memory. */
export interface ModelFacts {
  /** The name that recipes carry: "stage", a hub id, or the folder as given. */
  readonly name: string;
  /** "sha256:" and 64 hex digits over the weights and configurations. */
  readonly digest: string;
  /** The size that the model was trained at, pixels. */
  readonly size: Size;
  /** Widths and heights must be multiples of this, pixels. */
  readonly sizeMultiple: number;
  /** Side of the attention cell that a box must cover at least, pixels. */
  readonly cell: number;
  /** What the model is drawn with if nothing else is said. */
  readonly defaults: {
    readonly sampler: SamplerName;
    readonly steps: number;
    readonly cfg: number;
    readonly methods?: MethodDefaults;
    /** Scale of the guidance that a distilled student has taken in; it takes no further one. */
    readonly guidance?: number | undefined;
  };
  /** Whether there is a guidance that a negative prompt could lead; true when absent. */
  readonly takesNegative?: boolean;
  /** Where it would run here, with the default number of threads. */
  readonly backend: Recipe["backend"];
  /** Programs that would draw. */
  readonly versions: Recipe["versions"];
}

/** A checked order for pictures. */
export interface DrawRequest {
  /** All that the pictures share; `recipe.seed` is the first of `seeds`. */
  readonly recipe: Recipe;
  /** One picture each, in this order. At least one. */
  readonly seeds: readonly bigint[];
  /** Also the plain picture of the same seed, with the directed one beside it. */
  readonly compare: boolean;
  /** Also a copy with the boxes drawn on it. */
  readonly overlay: boolean;
  /** Also a heat map of each of these words. */
  readonly heatmaps: readonly string[];
}

/** The tokens that a box's words were found at. */
export interface BoxTokens {
  readonly words: string;
  /** Positions in the token sequence, with the text of each. */
  readonly tokens: readonly { readonly index: number; readonly text: string }[];
}

/** What can be said before drawing: words and tokens, and what to warn of. */
export interface DrawPlan {
  readonly boxes: readonly BoxTokens[];
  /** Words cut at the 77th token, words that the model never saw, and the like; a line each. */
  readonly warnings: readonly string[];
  /** Whether the model takes guidance as a number, in one evaluation a step; false when absent. */
  readonly takesGuidance?: boolean;
}

/** Whether the thing landed in its box, as the detector sees it. */
export interface PlacementScore {
  readonly found: boolean;
  /** Whether the find has the colour that the words name; absent if they name none. */
  readonly colourRight?: boolean;
  readonly centreInBox: boolean;
  /** Intersection over union of the find and the box, 0..1; 0 if not found. */
  readonly iou: number;
}

/** What became of one box. */
export interface BoxReport extends BoxTokens {
  /** Share of the words' cross-attention inside the box, 0..1, over the steps in its range; 0 where there are none. */
  readonly attentionShare: number;
  /** Steps that lay in the box's range; with 0 it was not directed. */
  readonly stepsInRange: number;
}

/** What became of one box, and of its thing. */
export interface ScoredBoxReport extends BoxReport {
  /** Absent if no detector knows the thing. */
  readonly placement?: PlacementScore;
}

/** One PNG file's bytes. Each carries the recipe; `--from` draws the "picture" again. */
export interface DrawnImage {
  readonly role: "picture" | "compare" | "overlay" | "heatmap";
  /** The word of a heat map. */
  readonly word?: string;
  readonly png: Uint8Array;
}

/** One seed's picture and all that belongs to it. */
export interface DrawnPicture {
  /** The complete recipe of this picture alone. */
  readonly recipe: Recipe;
  /** The "picture" first. */
  readonly images: readonly DrawnImage[];
  readonly boxes: readonly ScoredBoxReport[];
  /** Milliseconds by phase: load, encode, sample, decode, score. */
  readonly milliseconds: Readonly<Record<string, number>>;
}

/** Drawing, as src/pipelines/draw.ts offers it. */
export interface DrawService {
  /**
   * Describes a model, after downloading it where it is a hub model that is not here.
   *
   * @throws FollowspotError naming the known models if there is none of that name, saying why the hub gave
   *   none, or if it is damaged; the signal's reason
   */
  describeModel(model: string, reporter?: Reporter, signal?: AbortSignal): Promise<ModelFacts>;
  /** @throws FollowspotError if a box's words are not in the prompt (nearest words named) or past the cut. */
  planPictures(request: DrawRequest): Promise<DrawPlan>;
  /**
   * Draws one picture after another, so that a seed's picture never depends on the others.
   *
   * @throws FollowspotError as planPictures; the signal's reason within a step of its abort
   */
  drawPictures(
    request: DrawRequest,
    reporter: Reporter,
    signal: AbortSignal,
  ): AsyncIterable<DrawnPicture>;
}
