"""Goldens of attention guidance: mask, blur and the guided prediction, from a short transcription in PyTorch.

Run from the repository root: python scripts/goldens/sferd_guidance.py

Written as the paper has it, with the noise prediction in hand (SFERD, arXiv 2311.03830; SAG, arXiv 2210.00939), in
float64. The network is made up: one attention layer of two heads over squares of 4 x 4 cells, and a tanh. Its maps
are far enough from the threshold that rounding moves no cell across it. Pictures are stored channels last.
"""

import json
import math
import pathlib

import torch
import torch.nn.functional as F

OUT = pathlib.Path("test/golden/sferd")
HEADS, WIDTH, SQUARE, CHANNELS = 2, 4, 4, 3
torch.set_default_dtype(torch.float64)


def draw(seed, *shape):
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32)
    return values.double()


QUERY = 2 * draw(1, CHANNELS, HEADS * WIDTH)
KEY = 2 * draw(2, CHANNELS, HEADS * WIDTH)


def network(x, timestep):
    """Velocity of x [N, C, H, W] and the maps [N, heads, cells, cells]."""
    n, channels, height, width = x.shape
    pooled = F.avg_pool2d(x, SQUARE)
    tokens = pooled.flatten(2).transpose(1, 2)
    split = lambda y: y.reshape(n, -1, HEADS, WIDTH).transpose(1, 2)
    maps = torch.softmax(split(tokens @ QUERY) @ split(tokens @ KEY).transpose(2, 3) / math.sqrt(WIDTH), -1)
    mixed = (maps.mean(1) @ tokens).transpose(1, 2).reshape(pooled.shape)
    wide = F.interpolate(mixed, scale_factor=SQUARE, mode="nearest")
    return torch.tanh(0.7 * x - 0.9 * wide + 1e-3 * timestep[:, None, None, None]), maps


def mask_of(maps, threshold, height, width):
    received = maps.mean(1).sum(1)
    side = math.isqrt(received.shape[1] * height // width)
    grid = received.reshape(len(maps), 1, side, -1)
    assert (received - threshold).abs().min() > 1e-3, "a cell lies on the threshold"
    assert torch.allclose(received.mean(1), torch.ones(len(maps)))
    return F.interpolate((grid > threshold).double(), size=(height, width), mode="nearest"), received


def blur(x, kernel, sigma):
    at = torch.arange(kernel) - (kernel - 1) / 2
    line = torch.exp(-0.5 * (at / sigma) ** 2)
    line = line / line.sum()
    weight = torch.outer(line, line).expand(x.shape[1], 1, kernel, kernel)
    return F.conv2d(F.pad(x, [kernel // 2] * 4, mode="reflect"), weight, groups=x.shape[1])


def guided(x, level, case):
    alpha, sigma, timestep = (torch.tensor(level[key]) for key in ("alpha", "sigma", "timestep"))
    a, s = alpha[:, None, None, None], sigma[:, None, None, None]
    clamp = (lambda y: y) if case["clamp"] is None else (lambda y: y.clamp(-case["clamp"], case["clamp"]))

    def predict(noisy):
        velocity, maps = network(noisy, timestep)
        x0 = clamp(a * noisy - s * velocity)
        return x0, (noisy - a * x0) / s, maps

    x0, eps, maps = predict(x)
    mask, received = mask_of(maps, case["threshold"], *x.shape[2:])
    clean = mask * blur(x0, case["kernel"], case["sigma"]) + (1 - mask) * x0
    noisy = a * clean + s * eps
    worse, worse_eps, _ = predict(noisy)
    if case["form"] == "direct":
        result = x0 + (case["scale"] - 1) * (x0 - worse)
    else:
        guided_eps = worse_eps + case["scale"] * (eps - worse_eps)
        result = (x - s * guided_eps) / a
    return {"received": received, "mask": mask, "noisy": noisy, "guided": clamp(result)}


def last(x):
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def stored(x, digits=7):
    x = last(x).contiguous()
    values = [float(f"{v:.{digits}g}") for v in x.flatten().tolist()]
    return {"shape": list(x.shape), "data": [int(v) if v.is_integer() else v for v in values]}


PARITY = dict(scale=1.3, threshold=1.0, kernel=15, sigma=3.0, clamp=1.0, form="exact")
CASES = {
    "parity": PARITY,
    "unclamped": PARITY | dict(clamp=None),
    "direct": PARITY | dict(form="direct"),
    "following": PARITY | dict(kernel=7, sigma=0.75, threshold=0.9, scale=1.8),
}
LEVELS = {
    "alpha": [0.99, 0.7, 0.08],
    "sigma": [math.sqrt(1 - v * v) for v in (0.99, 0.7, 0.08)],
    "timestep": [90.0, 500.0, 950.0],
}


def main():
    x = draw(3, 3, 16, 16, CHANNELS).permute(0, 3, 1, 2)
    cases = {}
    for name, case in CASES.items():
        results = guided(x, LEVELS, case)
        kept = results if name == "parity" else {key: results[key] for key in ("mask", "guided")}
        cases[name] = {"options": case, **{key: stored(value) for key, value in kept.items()}}
    line = draw(4, 1, 12, 9, 2).permute(0, 3, 1, 2)
    blurs = [
        {"kernel": kernel, "sigma": sigma, "blurred": stored(blur(line, kernel, sigma))}
        for kernel, sigma in ((15, 3.0), (5, 1.0), (17, 2.5))
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    document = {"query": stored(QUERY, 9), "key": stored(KEY, 9), "x": stored(x, 9), "levels": LEVELS, "cases": cases}
    document["blur"] = {"x": stored(line, 9), "cases": blurs}
    (OUT / "guidance.json").write_text(json.dumps(document) + "\n")


main()
