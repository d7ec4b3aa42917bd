// Small parts for drawings that sharp lays over pictures: escaped text, and its width before any font is known.

/** Text as XML content or an attribute's value; characters that XML forbids are left out. */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"]/g, (character) => entities[character]!);
}

export const FONT_FAMILY = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/** Mean advance of a character in ems: wide enough for DejaVu Sans, the widest of the family above. */
const ADVANCE = 0.62;

/** A text's width in pixels, estimated. */
export function textWidth(text: string, fontSize: number): number {
  return [...text].length * ADVANCE * fontSize;
}

/** The text, or its beginning and an ellipsis, within a width in pixels. */
export function fitText(text: string, fontSize: number, width: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const room = Math.max(0, Math.floor(width / (ADVANCE * fontSize)) - 1);
  return `${[...text].slice(0, room).join("")}…`;
}

/** The text in lines of at most `width` pixels, broken at spaces; what is left is cut in the last. */
export function wrapText(
  text: string,
  fontSize: number,
  width: number,
  linesMax: number,
): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    const last = lines.length === linesMax - 1;
    if (line && !last && textWidth(longer, fontSize) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  if (line) lines.push(line);
  return lines.map((each) => fitText(each, fontSize, width));
}
