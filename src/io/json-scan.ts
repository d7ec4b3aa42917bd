// What JSON.parse lets pass without a word: keys given twice, of which it keeps the last, and any depth.

/** The index of the quote that closes the string starting at `start`, or the text's end. */
function closingQuote(json: string, start: number): number {
  let end = start;
  do {
    end = json.indexOf('"', end + 1);
    if (end === -1) return json.length;
  } while (countBackslashesBefore(json, end) % 2 === 1);
  return end;
}

function countBackslashesBefore(json: string, index: number): number {
  let count = 0;
  while (json[index - 1 - count] === "\\") count++;
  return count;
}

/**
 * The first key that an object has twice, or brackets deeper than `depthMax`, as a sentence's end
 * (`"a" twice`); undefined when there is neither. A text that is not JSON is left to JSON.parse.
 *
 * Throws SyntaxError for a key that is not a JSON string.
 */
export function findHiddenFault(json: string, depthMax: number): string | undefined {
  // One entry per open bracket: the keys of an object so far, or null for a list.
  const open: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (let i = 0; i < json.length; i++) {
    const character = json[i]!;
    if (character === "{" || character === "[") open.push(character === "{" ? new Set() : null);
    if (character === "}" || character === "]") open.pop();
    if (character === "{" || character === ",") expectsKey = true;
    if (open.length > depthMax) return `brackets ${open.length} deep`;
    if (character !== '"') continue;
    const end = closingQuote(json, i);
    const keys = open.at(-1);
    if (expectsKey && keys) {
      const key = JSON.parse(json.slice(i, end + 1)) as string;
      if (keys.has(key)) return `${JSON.stringify(key)} twice`;
      keys.add(key);
    }
    expectsKey = false;
    i = end;
  }
  return undefined;
}
