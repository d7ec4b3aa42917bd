import { describe, expect, it } from "vitest";

import { findHiddenFault } from "./json-scan.js";

describe("findHiddenFault", () => {
  it.each<[string, string | undefined]>([
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":1}]}', undefined],
    ['{"a":1,"a":2}', '"a" twice'],
    ['{"a":{"b":1,"b":1}}', '"b" twice'],
    ['[{"a":1},{"b":1,"b":1}]', '"b" twice'],
    ['{"a":1,"\\u0061":2}', '"a" twice'],
    ['{"a":"a","b":["a","a"]}', undefined],
    [String.raw`{"a":"\",\"a\":","b":1}`, undefined],
    [String.raw`{"\"a":1,"\"b":1}`, undefined],
    [String.raw`{"a\\":1,"b":"\\","b":2}`, '"b" twice'],
    ['{"a":"{[","b":"]}"}', undefined],
    ["[[[1]]]", undefined],
    ["[[[[1]]]]", "brackets 4 deep"],
    ['[[["[["]]]', undefined],
  ])("of %s is %s", (json, fault) => {
    // Each text is JSON: otherwise the scanner promises nothing.
    JSON.parse(json);
    expect(findHiddenFault(json, 3)).toBe(fault);
  });

  it.each(["", '{"a', "}}}]", '{"a":1,', "]{"])("leaves %j to JSON.parse", (text) => {
    expect(() => {
      findHiddenFault(text, 3);
      JSON.parse(text);
    }).toThrow(SyntaxError);
  });
});
