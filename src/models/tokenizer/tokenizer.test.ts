import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { FollowspotError } from "../../core/errors.js";
import { BytePairs } from "./byte-pairs.js";
import { loadTokenizer } from "./folder.js";
import { Tokenizer } from "./index.js";
import { BOS, EOS, vocabularyOf } from "./learn.js";

interface Case {
  readonly text: string;
  readonly length: number;
  readonly ids: readonly number[];
  readonly pad: number;
}

const ROOT = new URL("../../../", import.meta.url);
const STAGE = fileURLToPath(new URL("models/stage/tokenizer", ROOT));

function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`test/golden/tokenizer/${name}`, ROOT), "utf8")) as T;
}

const stageCases = golden<Case[]>("stage.json");
const clip = golden<{ sd1: Case[]; sd2: Case[]; merges: [number, string][] }>("clip.json");

/** CLIP's tokenizer with only the merges that the golden's texts use, under their true ids. */
function clipTokenizer(pad: string): Tokenizer {
  const bytes = vocabularyOf([]).slice(0, 512);
  const vocabulary = Object.fromEntries(bytes.map((symbol, id) => [symbol, id]));
  for (const [place, merge] of clip.merges) vocabulary[merge.replace(" ", "")] = 512 + place;
  vocabulary[BOS] = 49406;
  vocabulary[EOS] = 49407;
  return Tokenizer.from({
    "vocab.json": JSON.stringify(vocabulary),
    "merges.txt": clip.merges.map(([, merge]) => merge).join("\n"),
    "special_tokens_map.json": JSON.stringify({
      bos_token: BOS,
      eos_token: EOS,
      unk_token: EOS,
      pad_token: pad,
    }),
  });
}

function expectCase(tokenizer: Tokenizer, { text, length, ids, pad }: Case): void {
  const encoding = tokenizer.encode(text, { maxLength: 77 });
  const padded = [...ids, ...Array<number>(77 - length).fill(pad)];
  expect(encoding.ids).toEqual(padded);
  expect(encoding.length).toBe(length);
}

describe("parity with transformers' CLIPTokenizer", () => {
  const stage = loadTokenizer(STAGE);
  it.each(stageCases)("our vocabulary: $text", async (example) => {
    expectCase(await stage, example);
  });

  const one = clipTokenizer(EOS);
  it.each(clip.sd1)("CLIP's vocabulary, padded as Stable Diffusion 1: $text", (example) => {
    expectCase(one, example);
  });

  const two = clipTokenizer("!");
  it.each(clip.sd2)("CLIP's vocabulary, padded as Stable Diffusion 2: $text", (example) => {
    expectCase(two, example);
  });
});

describe("the shipped vocabulary", () => {
  it("has at most 2,048 entries, with the end token as the largest id", async () => {
    const tokenizer = await loadTokenizer(STAGE);
    expect(tokenizer.size).toBeLessThanOrEqual(2048);
    expect(tokenizer.eos).toBe(tokenizer.size - 1);
    expect(tokenizer.eos).not.toBe(2);
    expect(tokenizer.bos).toBe(tokenizer.size - 2);
    expect(tokenizer.pad).toBe(tokenizer.eos);
  });

  it("holds usual words whole and splits rare ones", async () => {
    const tokenizer = await loadTokenizer(STAGE);
    expect(tokenizer.encode("cylinder").length).toBe(3);
    expect(tokenizer.encode("butterfly").length).toBe(4);
  });
});

describe("encode", () => {
  it("tells where in the text each token comes from", async () => {
    const tokenizer = await loadTokenizer(STAGE);
    const text = "A  Butterfly, é";
    const { ids, length, spans, words } = tokenizer.encode(text);
    expect(spans.slice(0, length).map((span) => span && text.slice(...span))).toEqual([
      undefined,
      "A",
      "Butter",
      "fly",
      ",",
      "é",
      "é",
      undefined,
    ]);
    expect(spans).toHaveLength(ids.length);
    expect(words.map(({ text: word, tokens }) => [word, tokens])).toEqual([
      ["a", [1]],
      ["butterfly", [2, 3]],
      [",", [4]],
      ["é", [5, 6]],
    ]);
  });

  it("maps composed letters and letters outside the basic plane to their source", async () => {
    const tokenizer = await loadTokenizer(STAGE);
    const text = "cafe\u0301 𝒳y";
    const { words } = tokenizer.encode(text);
    expect(words.map(({ span }) => text.slice(...span))).toEqual(["cafe\u0301", "𝒳y"]);
  });

  it("tells the text that does not fit", async () => {
    const tokenizer = await loadTokenizer(STAGE);
    const { ids, length, words, lost } = tokenizer.encode("a cat and a butterfly on the sea", {
      maxLength: 7,
    });
    expect(ids).toHaveLength(7);
    expect(length).toBe(7);
    expect(ids[6]).toBe(tokenizer.eos);
    expect(lost).toBe("butterfly on the sea");
    expect(words.map(({ cut }) => cut)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(tokenizer.encode("a cat").lost).toBe("");
  });

  it("makes no tokens of what lies past the last place", async () => {
    const tokenizer = await loadTokenizer(STAGE);
    const split = vi.spyOn(BytePairs.prototype, "split");
    const { words, lost } = tokenizer.encode("cat ".repeat(1000), { maxLength: 6 });
    expect(split).toHaveBeenCalledTimes(4);
    split.mockRestore();
    expect(words.filter(({ cut }) => cut)).toHaveLength(996);
    expect(lost).toHaveLength(996 * 4 - 1);
  });

  it("refuses a length without room for start and end", async () => {
    const tokenizer = await loadTokenizer(STAGE);
    expect(() => tokenizer.encode("a", { maxLength: 1 })).toThrow(/at least 2, got 1/);
  });
});

describe("a folder's files", () => {
  const good = {
    "vocab.json": JSON.stringify(
      Object.fromEntries(vocabularyOf(["a b</w>"]).map((symbol, id) => [symbol, id])),
    ),
    "merges.txt": "#version: 0.2\na b</w>\n",
  };
  const first = (text: string, files: Partial<Record<string, string>>): readonly number[] =>
    Tokenizer.from({ ...good, ...files }).encode(text, { maxLength: 6 }).ids;

  it("need only vocabulary and merges, and then pad with the end token", () => {
    expect(first("ab", {})).toEqual([513, 512, 514, 514, 514, 514]);
  });

  it("may name the pad token in either file; the special tokens map wins", () => {
    const map = JSON.stringify({ pad_token: "!" });
    const config = JSON.stringify({ pad_token: EOS, model_max_length: 5 });
    expect(first("ab", { "tokenizer_config.json": JSON.stringify({ pad_token: "!" }) })[3]).toBe(0);
    const both = { "special_tokens_map.json": map, "tokenizer_config.json": config };
    expect(first("ab", both)[3]).toBe(0);
    expect(Tokenizer.from({ ...good, ...both }).encode("").ids).toHaveLength(5);
  });

  it("list added tokens, which then overrule the special tokens map", () => {
    const listed = {
      "special_tokens_map.json": JSON.stringify({ pad_token: "!" }),
      "tokenizer_config.json": JSON.stringify({
        pad_token: EOS,
        added_tokens_decoder: { "515": { content: "<toy>" } },
      }),
    };
    expect(first("ab<toy>ab", listed)).toEqual([513, 512, 515, 512, 514, 514]);
  });

  it.each([
    [{ "vocab.json": "{" }, /valid vocab.json/],
    [{ "vocab.json": '{"a": -1}' }, /valid vocab.json, got: a/],
    [{ "vocab.json": "{}" }, /in vocab.json, found none/],
    [{ "merges.txt": "a b</w>\nq zzz" }, /merges.txt line 2, got "q zzz"/],
    [{ "merges.txt": "a" }, /merges.txt line 1/],
    [{ "tokenizer_config.json": "[]" }, /valid tokenizer_config.json/],
    [{ "special_tokens_map.json": '{"pad_token": "<pad>"}' }, /"<pad>" in vocab.json/],
  ])("are refused when broken: %j", (files, message) => {
    expect(() => first("ab", files)).toThrow(FollowspotError);
    expect(() => first("ab", files)).toThrow(message);
  });

  it("are asked for by name", async () => {
    await expect(loadTokenizer("no/such/folder")).rejects.toThrow(
      /expected vocab.json in no\/such\/folder/,
    );
  });
});
