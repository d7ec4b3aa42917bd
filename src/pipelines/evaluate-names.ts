// Short names of models in tables and pictures.

/** What tells things apart: last parts of paths, as many as it takes. */
export function shortNames(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split(/[\\/]+/).filter(Boolean));
  const longest = Math.max(...parts.map(({ length }) => length));
  for (let kept = 1; kept <= longest; kept++) {
    const short = parts.map((each) => each.slice(-kept).join("/"));
    if (new Set(short).size === names.length) return short;
  }
  return [...names];
}
