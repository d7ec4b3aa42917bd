"""Features of a thin Inception-v3 with formula-made weights, in PyTorch: writes test/golden/inception/.

Every layer has a sixteenth of its channels, so the wiring is tested without the real weights.
Run from the root of the repository: python scripts/goldens/inception.py
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from formula import fill

OUT = Path("test/golden/inception")
THIN = 16
SIDE, COUNT = 32, 2

Tensors = dict[str, torch.Tensor]
specs: list[tuple[str, tuple[int, ...]]] = []  # scope, [out, height, width, in]


def spec(scope: str, out: int, height: int, width: int, inputs: int) -> None:
    specs.append((scope, (out // THIN, height, width, inputs // THIN if inputs > 3 else 3)))


def stem_specs() -> None:
    spec("conv", 32, 3, 3, 3)
    spec("conv_1", 32, 3, 3, 32)
    spec("conv_2", 64, 3, 3, 32)
    spec("conv_3", 80, 1, 1, 64)
    spec("conv_4", 192, 3, 3, 80)


def block_35(name: str, inputs: int, pooled: int) -> None:
    spec(f"{name}_conv", 64, 1, 1, inputs)
    spec(f"{name}_tower_conv", 48, 1, 1, inputs)
    spec(f"{name}_tower_conv_1", 64, 5, 5, 48)
    spec(f"{name}_tower_1_conv", 64, 1, 1, inputs)
    spec(f"{name}_tower_1_conv_1", 96, 3, 3, 64)
    spec(f"{name}_tower_1_conv_2", 96, 3, 3, 96)
    spec(f"{name}_tower_2_conv", pooled, 1, 1, inputs)


def block_17(name: str, width: int) -> None:
    spec(f"{name}_conv", 192, 1, 1, 768)
    spec(f"{name}_tower_conv", width, 1, 1, 768)
    spec(f"{name}_tower_conv_1", width, 1, 7, width)
    spec(f"{name}_tower_conv_2", 192, 7, 1, width)
    spec(f"{name}_tower_1_conv", width, 1, 1, 768)
    spec(f"{name}_tower_1_conv_1", width, 7, 1, width)
    spec(f"{name}_tower_1_conv_2", width, 1, 7, width)
    spec(f"{name}_tower_1_conv_3", width, 7, 1, width)
    spec(f"{name}_tower_1_conv_4", 192, 1, 7, width)
    spec(f"{name}_tower_2_conv", 192, 1, 1, 768)


def block_8(name: str, inputs: int) -> None:
    spec(f"{name}_conv", 320, 1, 1, inputs)
    spec(f"{name}_tower_conv", 384, 1, 1, inputs)
    spec(f"{name}_tower_mixed_conv", 384, 1, 3, 384)
    spec(f"{name}_tower_mixed_conv_1", 384, 3, 1, 384)
    spec(f"{name}_tower_1_conv", 448, 1, 1, inputs)
    spec(f"{name}_tower_1_conv_1", 384, 3, 3, 448)
    spec(f"{name}_tower_1_mixed_conv", 384, 1, 3, 384)
    spec(f"{name}_tower_1_mixed_conv_1", 384, 3, 1, 384)
    spec(f"{name}_tower_2_conv", 192, 1, 1, inputs)


def all_specs() -> None:
    stem_specs()
    block_35("mixed", 192, 32)
    block_35("mixed_1", 256, 64)
    block_35("mixed_2", 288, 64)
    spec("mixed_3_conv", 384, 3, 3, 288)
    spec("mixed_3_tower_conv", 64, 1, 1, 288)
    spec("mixed_3_tower_conv_1", 96, 3, 3, 64)
    spec("mixed_3_tower_conv_2", 96, 3, 3, 96)
    for name, width in (("mixed_4", 128), ("mixed_5", 160), ("mixed_6", 160), ("mixed_7", 192)):
        block_17(name, width)
    spec("mixed_8_tower_conv", 192, 1, 1, 768)
    spec("mixed_8_tower_conv_1", 320, 3, 3, 192)
    spec("mixed_8_tower_1_conv", 192, 1, 1, 768)
    spec("mixed_8_tower_1_conv_1", 192, 1, 7, 192)
    spec("mixed_8_tower_1_conv_2", 192, 7, 1, 192)
    spec("mixed_8_tower_1_conv_3", 192, 3, 3, 192)
    block_8("mixed_9", 1280)
    block_8("mixed_10", 2048)
    spec("softmax", 1008, 1, 1, 2048)


def make_weights() -> Tensors:
    """Tensor `i` is the formula with seed i + 1, scaled so that values neither vanish nor grow."""
    tensors = {}
    for i, (scope, shape) in enumerate(specs):
        scale = math.sqrt(1.5 / math.prod(shape[1:]))
        tensors[f"{scope}.weight"] = fill(shape, 2 * i + 1).float() * np.float32(scale)
        tensors[f"{scope}.bias"] = fill(shape[:1], 2 * i + 2).float() * np.float32(0.1)
    return tensors


class Net:
    def __init__(self, tensors: Tensors):
        self.tensors = tensors

    def conv(self, scope: str, x: torch.Tensor, stride: int = 1, same: bool = True) -> torch.Tensor:
        kernel = self.tensors[f"{scope}.weight"].permute(0, 3, 1, 2)
        padding = ((kernel.shape[2] - 1) // 2, (kernel.shape[3] - 1) // 2) if same else 0
        return F.relu(F.conv2d(x, kernel, self.tensors[f"{scope}.bias"], stride, padding))

    def chain(self, scope: str, x: torch.Tensor, count: int) -> torch.Tensor:
        for i in range(count):
            x = self.conv(scope if i == 0 else f"{scope}_{i}", x)
        return x

    def mixed(self, name: str, x: torch.Tensor, short: int, long: int) -> torch.Tensor:
        pooled = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return torch.cat(
            [
                self.conv(f"{name}_conv", x),
                self.chain(f"{name}_tower_conv", x, short),
                self.chain(f"{name}_tower_1_conv", x, long),
                self.conv(f"{name}_tower_2_conv", pooled),
            ],
            1,
        )

    def split(self, name: str, x: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        first = self.conv(f"{name}_tower_conv", x)
        second = self.chain(f"{name}_tower_1_conv", x, 2)
        return torch.cat(
            [
                self.conv(f"{name}_conv", x),
                self.conv(f"{name}_tower_mixed_conv", first),
                self.conv(f"{name}_tower_mixed_conv_1", first),
                self.conv(f"{name}_tower_1_mixed_conv", second),
                self.conv(f"{name}_tower_1_mixed_conv_1", second),
                self.conv(f"{name}_tower_2_conv", pooled),
            ],
            1,
        )

    def __call__(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        halve = lambda y: F.max_pool2d(y, 3, 2)
        x = self.conv("conv_1", self.conv("conv", x, 2, same=False), same=False)
        x = self.conv("conv_3", halve(self.conv("conv_2", x)))
        pool2 = halve(self.conv("conv_4", x, same=False))
        x = pool2
        for name in ("mixed", "mixed_1", "mixed_2"):
            x = self.mixed(name, x, 2, 3)
        mixed_2 = x
        tower = self.conv("mixed_3_tower_conv_2", self.chain("mixed_3_tower_conv", x, 2), 2, False)
        x = torch.cat([self.conv("mixed_3_conv", x, 2, False), tower, halve(x)], 1)
        for name in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
            x = self.mixed(name, x, 3, 5)
        mixed_7 = x
        first = self.conv("mixed_8_tower_conv_1", self.conv("mixed_8_tower_conv", x), 2, False)
        second = self.chain("mixed_8_tower_1_conv", x, 3)
        second = self.conv("mixed_8_tower_1_conv_3", second, 2, False)
        mixed_8 = torch.cat([first, second, halve(x)], 1)
        x = self.split("mixed_9", mixed_8, F.avg_pool2d(mixed_8, 3, 1, 1, count_include_pad=False))
        mixed_10 = self.split("mixed_10", x, F.max_pool2d(x, 3, 1, 1))
        blocks = {"pool2": pool2, "mixed_2": mixed_2, "mixed_7": mixed_7, "mixed_8": mixed_8}
        values = {name: y.mean((2, 3)) for name, y in blocks.items()}
        values["features"] = mixed_10.mean((2, 3))
        weight = self.tensors["softmax.weight"].flatten(1)
        return values | {"logits": values["features"] @ weight.T}


def tf_resize(pixels: np.ndarray, size: int) -> np.ndarray:
    """TensorFlow 1's resize_bilinear without align_corners, in its order of operations, float32."""
    def steps(extent: int):
        place = np.arange(size, dtype=np.float32) * np.float32(extent / size)
        low = np.floor(place).astype(int)
        return low, np.minimum(low + 1, extent - 1), (place - low).astype(np.float32)

    x = pixels.astype(np.float32)
    low, high, share = steps(x.shape[2])
    x = x[:, :, low] + (x[:, :, high] - x[:, :, low]) * share[None, None, :, None]
    low, high, share = steps(x.shape[1])
    return x[:, low] + (x[:, high] - x[:, low]) * share[None, :, None, None]


all_specs()
pixels = fill((COUNT, SIDE, SIDE, 3), 7, 256).numpy().astype(np.uint8)
resized = tf_resize(pixels, 299)
x = torch.from_numpy((resized - 128) / 128).permute(0, 3, 1, 2)
values = Net(make_weights())(x)

numbers = lambda t: [float(f"{v:.9g}") for v in np.asarray(t).flatten()]
golden = {
    "specs": [[scope, list(shape)] for scope, shape in specs],
    "pictures": {"count": COUNT, "side": SIDE, "seed": 7},
    "resized": {"every": 1009, "values": numbers(resized.flatten()[::1009])},
    "values": {name: numbers(value) for name, value in values.items()},
}
OUT.mkdir(parents=True, exist_ok=True)
(OUT / "thin.json").write_text(json.dumps(golden) + "\n")
print({name: (round(float(v.mean()), 4), round(float(v.std()), 4)) for name, v in values.items()})
