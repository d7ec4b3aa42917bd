// The folder of a model's pictures: numbered files, in a folder for each class in turn, and a note of what they are.

import { existsSync } from "node:fs";
import { mkdir, readdir, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { isVacant } from "../io/atomic-folder.js";
import { writeFileAtomic } from "../io/atomic.js";
import { fileError } from "../io/file-error.js";
import { encodePng } from "../io/png.js";
import type { Picture } from "../io/image.js";
import { readJsonAs, writeJson } from "../io/json.js";
import { documentDigest } from "../training/digest.js";
import { classesInTurn, noClassOf } from "../training/teacher/index.js";
import type { AttentionSettings } from "./sample-attention.js";
import type { PixelModel } from "./sample-model.js";
import { NOTHING_TOLD } from "./sample-request.js";
import type { SampleSettings } from "./sample-settings.js";

/** The note's name; data sets pass over files that are no pictures. */
const NOTE = "sample.json";
const DIGITS = 6;
/** A whole SHA-256, of which a message shows the beginning. */
const HEX = /^[0-9a-f]{64}$/;
/** Class names that are names of folders everywhere. */
const FOLDER_NAME = /^\w(?:[\w .-]*\w)?$/;

/** All that the pictures depend on but their number and size of batch. `like` is the digest of what is told. */
const noteSchema = z.object({
  model: z.string(),
  sampler: z.string(),
  variance: z.string().nullable(),
  steps: z.number(),
  cfg: z.number(),
  /** As `attentionNote` writes it; null where there is none. */
  attentionGuidance: z.string().nullable(),
  seed: z.number(),
  class: z.number().nullable(),
  like: z.string().nullable(),
  /** How latents are drawn, as `latentsNote` writes it; null where none are. */
  latents: z.string().nullable().default(null),
});

type Note = z.infer<typeof noteSchema>;

/** A folder that is ready to be filled. */
export class SampleFolder {
  private readonly classFolders: readonly string[] | undefined;

  private constructor(
    readonly path: string,
    private readonly model: PixelModel,
    { class: chosen, like }: SampleSettings,
  ) {
    // Pictures that show what others do lie as these, one after another: their classes are those, and take no turns.
    const inTurn = chosen === null && (like === null || like === NOTHING_TOLD);
    this.classFolders = inTurn ? classFoldersOf(model) : undefined;
  }

  /**
   * Opens the folder of pictures of a model, or makes it.
   *
   * @param like - digest of the pictures that are told; null when there are none
   * @throws FollowspotError when it holds anything else, or when the system refuses
   */
  static async open(
    path: string,
    model: PixelModel,
    settings: SampleSettings,
    like: string | null,
  ): Promise<SampleFolder> {
    const { attentionGuidance } = settings;
    const note: Note = {
      ...{ model: model.digest, ...settings, like },
      attentionGuidance: attentionGuidance && attentionNote(attentionGuidance),
      variance: varianceNote(model, settings),
      latents: like === null ? latentsNote(model) : null,
    };
    const file = join(path, NOTE);
    if (existsSync(file)) {
      refuseOther(path, await readJsonAs(file, noteSchema), note);
    } else {
      await makeEmpty(path);
      await writeJson(file, note);
    }
    return new SampleFolder(path, model, settings);
  }

  /** Numbers below `count` of the pictures that are not there, ascending; an empty file is none. */
  async missing(count: number): Promise<number[]> {
    const names = await readdir(this.path, { recursive: true }).catch((error: unknown) => {
      throw fileError("sample", this.path, error);
    });
    const listed = new Set(names.map((name) => name.split(sep).join("/")));
    const isThere = async (name: string): Promise<boolean> =>
      listed.has(name) && (await stat(join(this.path, name))).size > 0;
    const numbers = Array.from({ length: count }, (_, i) => i);
    const there = await Promise.all(numbers.map((i) => isThere(this.nameOf(i))));
    return numbers.filter((i) => !there[i]);
  }

  /** Writes a picture, whole or not at all. Throws FollowspotError when the system refuses. */
  async write(i: number, { data, width, height }: Picture): Promise<void> {
    const path = join(this.path, this.nameOf(i));
    const png = await encodePng(data, width, height);
    if (this.classFolders) await makeFolder(dirname(path));
    // A flush can take longer than drawing in one step, and what a power cut takes is drawn again.
    await writeFileAtomic(path, png, { durable: false });
  }

  /** `000012.png`, or `cat/000012.png` where each class has its turn. */
  private nameOf(i: number): string {
    const name = `${String(i).padStart(DIGITS, "0")}.png`;
    if (!this.classFolders) return name;
    const [label] = classesInTurn(this.model.network.unet, [i])!;
    return `${this.classFolders[label!]!}/${name}`;
  }
}

/** Names of the classes where they can be folders' names, else their numbers; undefined without classes. */
function classFoldersOf({ network: { unet, facts } }: PixelModel): string[] | undefined {
  const count = noClassOf(unet);
  if (count === undefined) return undefined;
  const { classes = [] } = facts;
  const distinct = new Set(classes.map((name) => name.toLowerCase())).size;
  const usable = classes.length === count && distinct === count;
  if (usable && classes.every((name) => FOLDER_NAME.test(name))) return classes;
  const digits = String(count - 1).length;
  return Array.from({ length: count }, (_, i) => String(i).padStart(digits, "0"));
}

/** Guidance as one text: its scale alone where all else is usual would not tell two blurs apart. */
const attentionNote = ({ scale, threshold, blur, site }: AttentionSettings): string =>
  `${scale}, threshold ${threshold}, blur ${blur.kernel},${blur.sigma}, site ${site}`;

/** A latent network's steps, and which statistics scale what it draws: a run that is gone on with can change them. */
function latentsNote({ latent }: PixelModel): string | null {
  if (!latent) return null;
  const { steps, clip, statistics } = latent;
  const scales = [statistics.mean, statistics.deviation].map((its) => Array.from(its));
  const told = `${steps} steps, scales ${documentDigest(scales).slice(0, 12)}`;
  return clip ? `${told}, clipped` : told;
}

/** The variance with the share that lies between the two. */
function varianceNote({ network }: PixelModel, { variance }: SampleSettings): string | null {
  return variance === "fixed_medium" ? `${variance}, share ${network.facts.draw?.share}` : variance;
}

function refuseOther(path: string, before: Note, note: Note): void {
  const key = (Object.keys(note) as (keyof Note)[]).find((name) => before[name] !== note[name]);
  if (key === undefined) return;
  const shown = (value: Note[keyof Note]): string =>
    typeof value === "string" ? value.replace(HEX, (digest) => digest.slice(0, 12)) : String(value);
  throw new FollowspotError(
    `sample: ${path}: expected ${key} ${shown(before[key])}, as its pictures have, got ${shown(note[key])}.`,
    { remedy: "Name another folder with --out." },
  );
}

async function makeEmpty(path: string): Promise<void> {
  if (!(await isVacant(path))) {
    throw new FollowspotError(
      `sample: ${path}: expected an empty folder or one with ${NOTE}, got other files.`,
      { remedy: "Name another folder with --out." },
    );
  }
  await makeFolder(path);
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw fileError("sample", path, error);
  }
}
