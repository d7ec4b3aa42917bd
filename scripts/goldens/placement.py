"""Goldens of the first code's edit, from a transcription of its arithmetic in NumPy, written from its description.

Run from the root of the repository:  python scripts/goldens/placement.py
Output: test/golden/placement/first-code.json
"""

import json
from pathlib import Path

import numpy as np

OUT = Path("test/golden/placement/first-code.json")
TOKENS = 20
F = np.float32


def window(h, w):
    """A normal density over h x w cells, coordinates from 0 to the size inclusive, mean at the truncated half."""
    x, y = np.linspace(0, h, h), np.linspace(0, w, w)
    sx, sy = h / 2, w / 2
    x, y = np.meshgrid(x, y, indexing="ij")
    e = np.exp(-((x - h // 2) ** 2 / (2 * sx**2) + (y - w // 2) ** 2 / (2 * sy**2)))
    return (e / (2 * np.pi * sx * sy)).astype(F)


def slices(box, height, width):
    left, right, top, bottom = box
    return (
        slice(int(height * top), int(height * bottom)),
        slice(int(width * left), int(width * right)),
    )


def edit(maps, regions, level, *, outside, unlisted, first):
    """maps: [heads, h, w, tokens], edited in the order in which the first code edits."""
    a = maps.copy()
    _, h, w, count = a.shape
    keep = np.zeros((h, w, count), bool)
    listed = np.zeros(count, bool)
    for region in regions:
        rows, columns = slices(region["box"], h, w)
        last = min(first + region["trailing"], count)
        tokens = sorted(set(region["tokens"]) | set(range(first, last)))
        g = window(rows.stop - rows.start, columns.stop - columns.start)
        inside = np.zeros((h, w), bool)
        inside[rows, columns] = True
        cross = np.zeros((h, w), bool)
        cross[rows, :] = True
        cross[:, columns] = True
        for t in tokens:
            a[:, rows, columns, t] = a[:, rows, columns, t] * F(region["gain"] * level) + g
            keep[:, :, t] = (keep[:, :, t] | inside) & cross
            listed[t] = True
    factor = np.where(keep, F(1), np.where(listed, F(outside), F(unlisted)))
    return a * factor


def levels(count):
    return np.linspace(9, 0, count) if count > 1 else np.array([0.0])


# Boxes as left, right, top, bottom.
SQUARE = {"box": [0.25, 0.75, 0.25, 0.75], "tokens": [2, 3], "gain": 2.5, "trailing": 4}
WIDE = {"box": [0.1, 0.95, 0.3, 0.7], "tokens": [1], "gain": 1.0, "trailing": 3}
UPPER = {"box": [0.0, 0.5, 0.0, 0.5], "tokens": [2], "gain": 1.0, "trailing": 5}
LOWER = {"box": [0.5, 1.0, 0.5, 1.0], "tokens": [5], "gain": 2.0, "trailing": 5}
OVER = {"box": [0.3, 0.8, 0.2, 0.9], "tokens": [2, 5], "gain": 1.5, "trailing": 5}

CASES = [
    {"name": "square", "grid": [8, 8], "regions": [SQUARE], "steps": [1, 5]},
    {"name": "not square, odd", "grid": [9, 7], "regions": [WIDE], "steps": [0, 10]},
    {"name": "diagonal", "grid": [8, 8], "regions": [UPPER, LOWER], "steps": [2, 5]},
    {"name": "overlapping", "grid": [7, 10], "regions": [UPPER, OVER], "steps": [3, 5]},
    {"name": "one step", "grid": [6, 6], "regions": [SQUARE], "steps": [0, 1]},
    {"name": "last step", "grid": [8, 8], "regions": [SQUARE], "steps": [4, 5]},
    {"name": "paper's unlisted", "grid": [8, 8], "regions": [UPPER, LOWER], "steps": [1, 5], "unlisted": 1.0},
    {"name": "thin", "grid": [5, 5], "regions": [{**WIDE, "box": [0.4, 0.6, 0.0, 1.0]}], "steps": [1, 3]},
]


def rounded(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, F).ravel()]


def main():
    random = np.random.default_rng(1)
    cases = []
    for case in CASES:
        height, width = case["grid"]
        scores = random.normal(size=(2, height, width, TOKENS))
        maps = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
        maps = maps.astype(F)
        index, count = case["steps"]
        options = {"outside": 0.01, "unlisted": case.get("unlisted", 0.01)}
        made = edit(maps, case["regions"], levels(count)[index], first=6, **options)
        # One head, a few tokens: the edit is the same for all heads.
        picked = [0, 2, 8]
        cases.append(
            {
                **case,
                **options,
                "first": 6,
                "picked": picked,
                "maps": rounded(maps[0][:, :, picked]),
                "edited": rounded(made[0][:, :, picked]),
            }
        )
    windows = [
        {"size": [h, w], "values": rounded(window(h, w))} for h, w in [(4, 4), (8, 8), (5, 3), (1, 4), (2, 7)]
    ]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"tokens": TOKENS, "cases": cases, "windows": windows}) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


main()
