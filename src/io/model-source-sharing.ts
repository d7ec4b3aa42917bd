// A student shares all but its network with its teacher: files that a model leaves out are those of the model beside it.

import { z } from "zod";
import { FollowspotError } from "../core/errors.js";
import { OWN_FILE, readSourceJsonAs } from "./model-source.js";
import type { ModelSource } from "./model-source.js";

const sharingSchema = z.object({ parts_of: z.string().optional() });

/** A name that leads nowhere but to the folder beside. */
const NEIGHBOUR = /^(?!\.\.?$)[^/\\]+$/;

/**
 * The name of the model beside `source` that has the parts that it leaves out, as its followspot.json tells; undefined
 * where it leaves out none.
 *
 * @throws FollowspotError when that is no plain name, and as readSourceJsonAs
 */
export async function sharedName(source: ModelSource): Promise<string | undefined> {
  if (!(await source.has(OWN_FILE))) return undefined;
  const { parts_of: name } = await readSourceJsonAs(source, OWN_FILE, sharingSchema);
  if (name === undefined || NEIGHBOUR.test(name)) return name;
  throw new FollowspotError(
    `model: ${source.name}/${OWN_FILE}: expected parts_of to name a model in the folder above, got ${JSON.stringify(name)}.`,
  );
}

/**
 * A model's files, those that it leaves out from the model that it names as `parts_of`. Throws as `source`, and as
 * sharedName.
 *
 * @param beside - the model of that name in the folder above
 */
export function sharingSource(
  source: ModelSource,
  beside: (name: string) => ModelSource,
): ModelSource {
  let found: Promise<ModelSource | undefined> | undefined;
  const shared = (): Promise<ModelSource | undefined> => {
    found ??= sharedName(source).then((name) => (name === undefined ? undefined : beside(name)));
    // What failed may be asked for again.
    found.catch(() => (found = undefined));
    return found;
  };
  return {
    name: source.name,
    async has(file) {
      if (await source.has(file)) return true;
      return (await (await shared())?.has(file)) ?? false;
    },
    async open(file) {
      const other = await shared();
      return !other || (await source.has(file)) ? source.open(file) : other.open(file);
    },
  };
}
