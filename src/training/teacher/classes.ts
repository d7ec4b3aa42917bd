// The classes of a network, and those of a set of pictures among them: by name, where both have names.

import { FollowspotError } from "../../core/errors.js";
import { relabelled } from "../../io/dataset/index.js";
import type { PictureDataset } from "../../io/dataset/index.js";

const IS_NUMBER = /^\d+$/;

/**
 * Where a set's classes stand among a network's: by the names of both, else by number; -1 of one that is not there.
 *
 * @param own - names of the network's classes, where it knows them
 */
export function placesOf(own: readonly string[] | undefined, names: readonly string[]): number[] {
  const byName = own && names.map((each) => own.indexOf(each));
  if (byName?.every((place) => place >= 0)) return byName;
  // Names that are numbers are names like others; where the network has other names, a set may number its classes 0, 1 and so on.
  if (own?.every((each) => IS_NUMBER.test(each))) return byName!;
  if (names.every((each) => IS_NUMBER.test(each))) return names.map(Number);
  return byName ?? names.map((_, i) => i);
}

/**
 * A set whose labels are a network's classes, whatever their order in the set. One without classes is given back.
 *
 * @param own - names of the network's classes, where it knows them
 * @param path - of the set, for messages
 * @throws FollowspotError when the set has a class that the network lacks
 */
export function inClassesOf(
  own: readonly string[] | undefined,
  data: PictureDataset,
  path: string,
): PictureDataset {
  const { classes: names } = data;
  if (own === undefined || names === undefined) return data;
  const places = placesOf(own, names);
  const stray = names.find((_, i) => places[i]! < 0 || places[i]! >= own.length);
  if (stray !== undefined) {
    throw new FollowspotError(
      `data: ${path}: expected the classes of the model, ${own.join(", ")}, got "${stray}".`,
      { remedy: "Give the pictures that it was trained for, in folders of those names." },
    );
  }
  return places.every((place, i) => place === i) ? data : relabelled(data, own, places);
}
