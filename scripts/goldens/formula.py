"""The inputs of the engine's cases: the formula of test/engine/inputs.ts, bit for bit."""

import math

import torch

MASK = 0xFFFFFFFF
COTANGENT_SEED = 99


def bits(seed: int, position: int) -> int:
    """16 well-mixed bits from an element's position and its input's seed."""
    x = ((position + 1) * 0x9E3779B1 + seed * 0x85EBCA6B) & MASK
    x = ((x ^ (x >> 15)) * 0x2C1B3C6D) & MASK
    x = ((x ^ (x >> 12)) * 0x297A2D39) & MASK
    return (x ^ (x >> 15)) >> 16


def element(kind: str, random: int) -> float:
    if kind == "positive":
        return random / 2**15 + 0.5
    if kind == "ties":
        return (random % 5 - 2) / 2
    value = random / 2**14 - 2
    return 0.25 if value == 0 else value


def fill(shape: tuple[int, ...], seed: int, kind: str | int = "any") -> torch.Tensor:
    """A float64 tensor, or int64 indices below `kind`; `seed` is the input's place, from 1."""
    random = [bits(seed, i) for i in range(math.prod(shape))]
    if isinstance(kind, int):
        return torch.tensor([r % kind for r in random], dtype=torch.int64).reshape(shape)
    return torch.tensor([element(kind, r) for r in random], dtype=torch.float64).reshape(shape)
