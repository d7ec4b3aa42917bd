"""Goldens of CLIP's tokenizer: writes test/golden/tokenizer/*.json.

Run from the root of the repository: python scripts/goldens/tokenizer.py [MERGES]

Our own vocabulary is read as vocab.json + merges.txt and as tokenizer.json; both must agree. With MERGES, the
bpe_simple_vocab_16e6.txt.gz of openai/CLIP (MIT), the ids of CLIP's own vocabulary are computed too, once padded as
Stable Diffusion 1 does and once as Stable Diffusion 2 does. CLIP's golden carries only the merges that its texts use.
"""

import gzip
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tokenizers import Tokenizer
from transformers import CLIPTokenizer, CLIPTokenizerFast

OUR_FOLDER = Path("models/stage/tokenizer")
OUT = Path("test/golden/tokenizer")
BOS, EOS = "<|startoftext|>", "<|endoftext|>"
TEXTS = [
    "",
    "   ",
    "a red cube above a blue sphere",
    "A Red  CUBE,\tabove\na blue sphere.",
    "a butterfly, two mushrooms and an umbrella's elephant",
    "I'll say it's 42 cubes; they've 3.14 don'ts -- we'd, you're, I'm",
    "hello! wow!!! (really?!) a+b=c",
    "cafe\u0301 caf\u00e9 \u00c5ngstr\u00f6m na\u00efve \u0130stanbul",
    "\u03a3\u0391\u03a3 \u00df \ufb01sh \u00bd \u2167 \u0663",
    "\u65e5\u672c\u8a9e \ud55c\uae00 \u1112\u1161\u11ab \u0645\u0631\u062d\u0628\u0627",
    "a cat \U0001f600\U0001f44d\U0001f3fd and a \u2603\ufe0f",
    "x" + EOS + "y " + BOS + " <|EndOfText|> <|other|>",
    "a\u00a0b\u2003c\u0085d \ufeffe \u200bf",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "'s 't 're 'x ''s 'S",
    " ".join(["a red cube and"] * 30),
]


def random_texts(count: int) -> list[str]:
    chooser = random.Random(7)
    alphabet = "aabcdeefghiklmnoorstuwy   ''.,!?-019\u00e9\u00fc\u00df\u03bb\u4e2d\U0001f984\u0301ABZ"
    return [
        "".join(chooser.choice(alphabet) for _ in range(chooser.randint(1, 60))) for _ in range(count)
    ]


def encode(tokenizer, text: str) -> dict:
    ids = tokenizer(text, padding="max_length", max_length=77, truncation=True)["input_ids"]
    length = len(tokenizer(text, max_length=77, truncation=True)["input_ids"])
    return {"text": text, "length": length, "ids": ids[:length], "pad": tokenizer.pad_token_id}


def ours() -> list[dict]:
    with tempfile.TemporaryDirectory() as name:
        plain = Path(name)
        for file in OUR_FOLDER.iterdir():
            if file.name != "tokenizer.json":
                shutil.copy(file, plain)
        tokenizers = [
            CLIPTokenizer.from_pretrained(plain),
            CLIPTokenizer.from_pretrained(OUR_FOLDER),
            CLIPTokenizerFast.from_pretrained(OUR_FOLDER),
        ]
    bare = Tokenizer.from_file(str(OUR_FOLDER / "tokenizer.json"))
    cases = []
    for text in TEXTS + random_texts(40):
        first, *others = [encode(tokenizer, text) for tokenizer in tokenizers]
        assert all(other == first for other in others), text
        assert bare.encode(text).ids[:76] == first["ids"][:76], text
        assert len(first["ids"]) == first["length"] and first["pad"] == len(tokenizers[0]) - 1
        cases.append(first)
    return cases


def byte_symbols() -> list[str]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(b) for b in printable] + [chr(256 + n) for n in range(256 - len(printable))]


def write_clip_folder(folder: Path, merges: list[str], pad: str) -> None:
    symbols = byte_symbols()
    entries = symbols + [s + "</w>" for s in symbols] + [m.replace(" ", "") for m in merges] + [BOS, EOS]
    assert len(entries) == 49408
    names = {"bos_token": BOS, "eos_token": EOS, "unk_token": EOS, "pad_token": pad}
    settings = {**names, "tokenizer_class": "CLIPTokenizer", "model_max_length": 77}
    (folder / "vocab.json").write_text(json.dumps({entry: id for id, entry in enumerate(entries)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
    (folder / "special_tokens_map.json").write_text(json.dumps(names))
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def used_merges(texts: list[str], tokenizer, merges: list[str]) -> list[list]:
    """[place, merge] of the merges that can apply anywhere in the texts: enough to encode them alike."""
    words = set()
    for text in [part for whole in texts for part in [whole, *whole.split("!")]]:
        normal = tokenizer.backend_tokenizer.normalizer.normalize_str(text)
        words |= {word for word, _ in tokenizer.backend_tokenizer.pre_tokenizer.pre_tokenize_str(normal)}
    ends = {word + "\0" for word in words}
    body = "\n".join(ends)
    return [
        [place, merge]
        for place, merge in enumerate(merges)
        if merge.replace(" ", "").replace("</w>", "\0") in body
    ]


def clip(path: Path) -> dict:
    lines = gzip.open(path).read().decode("utf-8").split("\n")
    merges = lines[1 : 49152 - 256 - 2 + 1]
    texts = TEXTS + random_texts(40)
    result = {}
    with tempfile.TemporaryDirectory() as name:
        for key, pad in [("sd1", EOS), ("sd2", "!")]:
            write_clip_folder(Path(name), merges, pad)
            tokenizer = CLIPTokenizer.from_pretrained(name)
            result[key] = [encode(tokenizer, text) for text in texts]
        result["merges"] = used_merges(texts, tokenizer, merges)
    return result


def write(name: str, value: object) -> None:
    (OUT / name).write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    write("stage.json", ours())
    if len(sys.argv) > 1:
        write("clip.json", clip(Path(sys.argv[1])))
