import { expect, it } from "vitest";
import { markdownTable } from "./markdown.js";

it("sets the first column left and the others right", () => {
  expect(markdownTable(["method", "found"], [["none", "91.3"]])).toBe(
    "| method | found |\n| --- | ---: |\n| none | 91.3 |",
  );
});
