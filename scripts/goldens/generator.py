"""Goldens of PyTorch's CPU generator: writes test/golden/generator/generator.json.

Run from the root of the repository: python scripts/goldens/generator.py
"""

import json
from pathlib import Path

import torch

SEEDS = [0, 42, 2**32 - 1, 2483964026821236]
SEEDS_BEYOND = [2**32, 2**63, 2**64 - 1, -1, -5, -(2**63)]
SIZES = [1, 2, 3, 15, 16, 17, 31, 32, 100]
LATENT = (4, 64, 64)
SEQUENCES = [[5, 5, 20], [3, 16, 2, 33, 1], [1, 1, 1, 17, 15]]
OUT = Path("test/golden/generator/generator.json")


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def integers(seed: int, count: int) -> list[int]:
    """The engine's 32-bit integers, all bits.

    An int64 tensor's random_() gives the low 63 bits of two integers; its lower half is the second
    one whole. One torch.rand(1) first consumes one integer, so a second pass gives the others.
    """
    def seconds(generator: torch.Generator) -> list[int]:
        pairs = torch.empty(count // 2, dtype=torch.int64).random_(generator=generator)
        return [value & 0xFFFFFFFF for value in pairs.tolist()]

    odd = seconds(seeded(seed))
    shifted = seeded(seed)
    torch.rand(1, generator=shifted)
    even = [first_integer(seed)] + seconds(shifted)[:-1]
    return [value for pair in zip(even, odd) for value in pair]


def first_integer(seed: int) -> int:
    """The first integer: its low 31 bits from a draw, its top bit from the serialised state."""
    low = int(torch.empty(1, dtype=torch.int32).random_(generator=seeded(seed)).item())
    top = temper(raw_state(seed)[0]) & 0x80000000
    return top | low


def raw_state(seed: int) -> list[int]:
    """The engine's words after its first twist, from the state that PyTorch serialises."""
    generator = seeded(seed)
    torch.rand(1, generator=generator)
    words = generator.get_state().view(torch.int64)
    # seed, left, seeded and next take 24 bytes; then 624 words of 64 bits each.
    return [word & 0xFFFFFFFF for word in words[3 : 3 + 624].tolist()]


def temper(word: int) -> int:
    word ^= word >> 11
    word ^= (word << 7) & 0x9D2C5680
    word ^= (word << 15) & 0xEFC60000
    return (word ^ (word >> 18)) & 0xFFFFFFFF


def normals(seed: int, size: int) -> list[float]:
    return torch.randn(size, generator=seeded(seed)).tolist()


def latent(seed: int) -> dict:
    values = torch.randn(LATENT, generator=seeded(seed)).flatten().double()
    weights = torch.arange(values.numel(), dtype=torch.float64) / values.numel()
    return {
        "head": values[:16].tolist(),
        "tail": values[-16:].tolist(),
        "sum": values.sum().item(),
        "sumOfSquares": (values**2).sum().item(),
        "weightedSum": (values * weights).sum().item(),
    }


def sequence(seed: int, sizes: list[int]) -> dict:
    generator = seeded(seed)
    draws = [torch.randn(size, generator=generator).tolist() for size in sizes]
    return {"sizes": sizes, "draws": draws, "thenUniform": torch.rand(1, generator=generator).item()}


def golden(seed: int) -> dict:
    many = integers(seed, 1300)
    return {
        "seed": str(seed),
        "integers": many[:8],
        # Past the first and second twist of the 624 words.
        "integersFrom620": many[620:628],
        "integersFrom1246": many[1246:1254],
        "uniforms": torch.rand(20, generator=seeded(seed)).tolist(),
        "normals": {str(size): normals(seed, size) for size in SIZES},
        "latent": latent(seed),
        "sequences": [sequence(seed, sizes) for sizes in SEQUENCES],
    }


def rounded(value):
    """Nine significant digits: enough for a float32, and the file stays small."""
    if isinstance(value, float):
        return float(f"{value:.9g}")
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


document = {
    "torch": torch.__version__.split("+")[0],
    "goldens": [golden(seed) for seed in SEEDS],
    "integersBeyond": {str(seed): integers(seed, 4) for seed in SEEDS_BEYOND},
}
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text(json.dumps(rounded(document), separators=(",", ":")) + "\n")
print(OUT, OUT.stat().st_size, "bytes")
