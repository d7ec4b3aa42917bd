"""Goldens of file formats: writes test/golden/io/.

Run from the root of the repository: python scripts/goldens/io.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

OUT = Path("test/golden/io")

TENSORS = {
    "f32": torch.tensor([[1.5, -2.25, 3e-40], [float("inf"), -0.0, 3.4e38]]),
    "f16": torch.tensor([1.0, -65504.0, 6e-8], dtype=torch.float16),
    "bf16": torch.tensor([[1.0, -3.140625]], dtype=torch.bfloat16),
    "i64": torch.tensor([2**62, -1], dtype=torch.int64),
    "i32": torch.tensor([[[7]], [[-(2**31)]]], dtype=torch.int32),
    "u8": torch.tensor([0, 255, 3], dtype=torch.uint8),
    "bool": torch.tensor([True, False, True]),
    "scalar": torch.tensor(2.5),
    "empty": torch.zeros(0, 4),
    "f64": torch.tensor([0.1], dtype=torch.float64),
    "naïve.größe/重み": torch.arange(3, dtype=torch.float32),
}

# The host types that followspot writes: the file must come out byte for byte the same.
WRITABLE = [name for name in TENSORS if name not in ("bf16", "f64")]
METADATA = {"format": "pt"}

OUT.mkdir(parents=True, exist_ok=True)
save_file(TENSORS, OUT / "every-type.safetensors", METADATA)
save_file({name: TENSORS[name] for name in WRITABLE}, OUT / "writable.safetensors", METADATA)
save_file({}, OUT / "no-tensors.safetensors")

for path in sorted(OUT.iterdir()):
    print(path, path.stat().st_size, "bytes")
