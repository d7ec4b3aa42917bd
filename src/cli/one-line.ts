// Text of files and of strangers on a terminal, which takes control characters for orders.

/** The text on one line: control characters, line ends among them, become a blank. */
export const oneLine = (text: string): string =>
  text.replace(/[\s\p{Cc}]*\p{Cc}[\s\p{Cc}]*/gu, " ").trim();

/** Lines as they are, without other control characters: a stack under DEBUG. */
export const harmless = (text: string): string => text.replace(/[^\P{Cc}\n]/gu, " ");
