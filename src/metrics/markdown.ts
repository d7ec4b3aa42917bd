// Tables as Markdown pages have them.

/** A table of words in the first column and numbers in the others, as many cells a row as there are titles. */
export function markdownTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = titles.map((_, index) => (index === 0 ? "---" : "---:"));
  return [line(titles), line(rule), ...rows.map(line)].join("\n");
}
