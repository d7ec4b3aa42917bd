"""Distances between sets of formula-made features, by scipy and numpy: writes test/golden/frechet/.

Run from the root of the repository: python scripts/goldens/frechet.py
"""

import json
from pathlib import Path

import numpy as np
from formula import fill
from scipy import linalg

OUT = Path("test/golden/frechet")


def features(count: int, dimension: int, seed: int, moved: bool) -> np.ndarray:
    """Exact in float32: the formula, or three quarters of it and a quarter."""
    x = fill((count, dimension), seed).numpy()
    return x * 0.75 + 0.25 if moved else x


def fid(a: np.ndarray, b: np.ndarray) -> float:
    """As published: scipy's matrix root of the product of covariances."""
    gap = a.mean(0) - b.mean(0)
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(s1 @ s2)
    return float(gap @ gap + np.trace(s1) + np.trace(s2) - 2 * np.trace(root.real))


def fid_by_singular_values(a: np.ndarray, b: np.ndarray) -> float:
    """The same without roots of matrices, so that singular covariances do no harm."""
    gap = a.mean(0) - b.mean(0)
    c1 = (a - a.mean(0)) / np.sqrt(len(a) - 1)
    c2 = (b - b.mean(0)) / np.sqrt(len(b) - 1)
    nuclear = np.linalg.svd(c1 @ c2.T, compute_uv=False).sum()
    return float(gap @ gap + (c1**2).sum() + (c2**2).sum() - 2 * nuclear)


def kid(a: np.ndarray, b: np.ndarray, pairs: list) -> tuple[float, float]:
    values = []
    for rows_a, rows_b in pairs:
        x, y = a[rows_a], b[rows_b]
        n, d = x.shape
        kernel = lambda p, q: (p @ q.T / d + 1) ** 3
        xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
        off = lambda k: (k.sum() - np.trace(k)) / (n * (n - 1))
        values.append(off(xx) + off(yy) - 2 * xy.mean())
    return float(np.mean(values)), float(np.std(values))


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int) -> tuple[float, float]:
    distance = lambda p, q: np.sqrt(((p[:, None] - q[None]) ** 2).sum(-1))
    radius = lambda p: np.sort(distance(p, p), axis=1)[:, k]
    inside = lambda points, centres: (distance(points, centres) <= radius(centres)[None]).any(1)
    return float(inside(fake, real).mean()), float(inside(real, fake).mean())


def score(logits: np.ndarray, parts: int) -> tuple[float, float]:
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    scores = []
    for part in np.split(p, parts):
        divergence = (part * (np.log(part) - np.log(part.mean(0)))).sum(1)
        scores.append(np.exp(divergence.mean()))
    return float(np.mean(scores)), float(np.std(scores))


def distances() -> list[dict]:
    cases = []
    for name, (n, m, d) in {
        "as many features as are usual for tests": (300, 250, 24),
        "more features": (400, 500, 96),
    }.items():
        a, b = features(n, d, 1, False), features(m, d, 2, True)
        exact = fid_by_singular_values(a, b)
        value = fid(a, b)
        assert abs(value - exact) < 1e-9 * exact, (value, exact)
        cases.append({"name": name, "counts": [n, m], "dimension": d, "value": value})
    for name, (n, m, d) in {
        "fewer pictures than features": (20, 300, 48),
        "both fewer": (20, 30, 48),
    }.items():
        value = fid_by_singular_values(features(n, d, 1, False), features(m, d, 2, True))
        cases.append({"name": name, "counts": [n, m], "dimension": d, "value": value})
    return cases


def eigenvalues() -> list[dict]:
    cases = []
    for n in (1, 2, 3, 40):
        a = fill((n, n), 3).numpy()
        cases.append({"name": f"{n}x{n}", "n": n, "matrix": "a + aT"})
        cases[-1]["values"] = np.linalg.eigvalsh(a + a.T).tolist()
    a = fill((30, 5), 4).numpy()
    cases.append({"name": "of rank 5 and shifted by 2", "n": 30, "matrix": "b bT + 2"})
    cases[-1]["values"] = np.linalg.eigvalsh(a @ a.T + 2 * np.eye(30)).tolist()
    return cases


a, b = features(60, 16, 5, False), features(50, 16, 6, True)
rng = np.random.default_rng(0)
pairs = [[rng.permutation(60)[:20].tolist(), rng.permutation(50)[:20].tolist()] for _ in range(5)]
mean, deviation = kid(a, b, pairs)
c, d = features(150, 4, 7, False), features(120, 4, 8, True)
precision, recall = precision_recall(c, d, 3)
logits = fill((40, 11), 9).numpy() * 2
score_mean, score_deviation = score(logits, 4)

golden = {
    "distances": distances(),
    "eigenvalues": eigenvalues(),
    "kernelDistance": {"pairs": pairs, "mean": mean, "deviation": deviation},
    "precisionRecall": {"precision": precision, "recall": recall},
    "score": {"mean": score_mean, "deviation": score_deviation},
}
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "distances.json").write_text(json.dumps(golden) + "\n")
print({k: v for k, v in golden.items() if k not in ("eigenvalues", "kernelDistance")}, mean, deviation)
