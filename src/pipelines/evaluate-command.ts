// The command line that makes an evaluation's table, for the record beside its figures.

import type { EvaluateRequest } from "./evaluate-request.js";

/** The flags that decide the figures; where they are written and how fast they come is left out. */
export function commandOf({
  model,
  split,
  count,
  methods,
  settings = {},
}: EvaluateRequest): string {
  const flags: Record<string, string | number | undefined> = {
    model,
    split,
    count,
    methods: methods?.join(","),
    ...Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)])),
  };
  const words = Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name} ${value}`);
  return ["npx followspot evaluate placement", ...words].join(" ");
}
