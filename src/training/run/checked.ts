// Documents checked by schemas, each remembered with its schema: what keys it may have beside those that it has.

import type { z } from "zod";
import { FollowspotError } from "../../core/errors.js";
import { explainIssue, faultsOf } from "../../io/json-issues.js";

const schemas = new WeakMap<object, z.core.$ZodType>();

/** A document by its schema. Throws FollowspotError naming every field at fault. */
export function checkDocument<T>(schema: z.ZodType<T>, json: unknown): T {
  const result = schema.safeParse(json, { error: explainIssue });
  if (result.success) {
    const { data } = result;
    if (typeof data === "object" && data !== null) schemas.set(data, schema);
    return data;
  }
  const faults = faultsOf(result.error).join("; ");
  throw new FollowspotError(`config: ${faults}.`, { cause: result.error });
}

/** The schema that a document was checked by, or undefined. */
export const schemaOf = (checked: object): z.core.$ZodType | undefined => schemas.get(checked);

/** The schemas of an object's fields by key, of whatever is wrapped around it; none of what is no object. */
export function fieldsOf(
  schema: z.core.$ZodType | undefined,
): Readonly<Record<string, z.core.$ZodType>> {
  if (schema === undefined) return {};
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "object") return def.shape;
  return "innerType" in def ? fieldsOf(def.innerType) : {};
}
