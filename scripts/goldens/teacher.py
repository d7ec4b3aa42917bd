"""Goldens of exported teachers: diffusers' UNet2DModel and DDIMScheduler on folders that followspot wrote.

Run from the repository root, with the folders made by `npx tsx scripts/goldens/tiny-teacher.ts FOLDER`:

    python scripts/goldens/teacher.py FOLDER        (diffusers 0.42.1)

For each teacher: alpha of all timesteps as the scheduler has them, and pictures drawn in 10 steps from stored noise.
"""

import json
import pathlib
import sys

import torch
from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel
from models import last, noise
from safetensors.torch import save_file

OUT = pathlib.Path("test/golden/unet2d")
STEPS = 10
LABELS = [2, 0]


def main(folder):
    torch.set_grad_enabled(False)
    tensors = {}
    for path in sorted(pathlib.Path(folder).iterdir()):
        assert json.loads((path / "model_index.json").read_text())["_class_name"] == DDIMPipeline.__name__
        unet = UNet2DModel.from_pretrained(path / "unet").eval()
        scheduler = DDIMScheduler.from_pretrained(path / "scheduler")
        DDIMPipeline.from_pretrained(path)
        scheduler.set_timesteps(STEPS)
        x = noise(5, 2, unet.config.in_channels, unet.config.sample_size, unet.config.sample_size)
        tensors[f"{path.name}.noise"] = last(x)
        tensors[f"{path.name}.alphas"] = scheduler.alphas_cumprod.sqrt()
        for t in scheduler.timesteps:
            out = unet(x, t, torch.tensor(LABELS)).sample
            x = scheduler.step(out, t, x, use_clipped_model_output=True).prev_sample
        tensors[f"{path.name}.drawn"] = last(x)
    save_file(tensors, OUT / "teacher.safetensors")
    print(sorted(tensors))


if __name__ == "__main__":
    main(sys.argv[1])
