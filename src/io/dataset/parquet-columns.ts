// Which columns of a parquet file hold pictures and labels: by the hub's notes in it, else by name.

import { parquetSchema } from "hyparquet";
import type { FileMetaData, SchemaTree } from "hyparquet";

import { FollowspotError } from "../../core/errors.js";

export interface ImageColumns {
  readonly image: string;
  readonly label?: string;
  /** Names of the classes, where the file tells them. */
  readonly classes?: readonly string[];
}

const IMAGE_NAMES = ["image", "img", "picture", "jpg", "png", "webp", "bytes"];
const LABEL_NAMES = ["label", "labels", "fine_label", "class", "cls"];

interface HubFeature {
  readonly _type?: string;
  readonly names?: readonly string[];
}

/** Throws FollowspotError, listing the columns there are, when none can hold image files. */
export function imageColumns(path: string, metadata: FileMetaData): ImageColumns {
  const tree = parquetSchema(metadata);
  const features = hubFeatures(metadata);
  const image =
    Object.keys(features).find((name) => features[name]?._type === "Image") ??
    IMAGE_NAMES.find((name) => tree.children.some((c) => c.element.name === name && holdsBytes(c)));
  if (image === undefined) {
    const got = tree.children.map(({ element }) => element.name).join(", ");
    throw new FollowspotError(
      `data set: ${path}: expected a column of image files (${IMAGE_NAMES.join(", ")}), got ${got}.`,
      { remedy: "Name the column so, or give the pictures as a folder." },
    );
  }
  const label =
    Object.keys(features).find((name) => features[name]?._type === "ClassLabel") ??
    LABEL_NAMES.find((name) => tree.children.some((c) => c.element.name === name));
  const classes = label === undefined ? undefined : features[label]?.names;
  return { image, ...(label === undefined ? {} : { label }), ...(classes ? { classes } : {}) };
}

/** A column of bytes, or the hub's pair of bytes and path. */
function holdsBytes({ element, children }: SchemaTree): boolean {
  if (children.length === 0) return element.type === "BYTE_ARRAY";
  return children.some((child) => child.element.name === "bytes" && holdsBytes(child));
}

function hubFeatures(metadata: FileMetaData): Readonly<Record<string, HubFeature>> {
  const note = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  try {
    const { info } = JSON.parse(note ?? "{}") as { info?: { features?: object } };
    return (info?.features ?? {}) as Record<string, HubFeature>;
  } catch {
    return {};
  }
}
