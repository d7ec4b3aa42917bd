"""Goldens of the training step with Muon: writes test/golden/training/muon.json.

Four steps of torch.optim.Muon (Nesterov, adjust_lr_fn="match_rms_adamw") on three matrices, one wide, one tall and the
kernel of a convolution as a matrix, and of torch.optim.AdamW on a last layer and on the biases, all clipped by the
global norm. PyTorch orthogonalises in bfloat16; here it is kept from rounding, so that float32 can be compared.
Run from the root: python scripts/goldens/muon.py
"""

import json
from pathlib import Path

import torch
from torch.nn import functional as F

OUT = Path("test/golden/training/muon.json")

OPTIONS = {"beta1": 0.95, "beta2": 0.99, "epsilon": 1e-8, "weightDecay": 0.1, "clipNorm": 2.0}
RATES = [0.01, 0.03, 0.02, 0.02]

torch.bfloat16 = torch.float32

generator = torch.Generator().manual_seed(11)


def randn(*shape):
    return torch.randn(*shape, generator=generator)


SHAPES = {"wide": [7, 3], "tall": [4, 7], "kernel": [5, 4, 3, 3], "conv_out": [2, 5, 3, 3]}
weights = {name: torch.nn.Parameter(0.4 * randn(*shape)) for name, shape in SHAPES.items()}
biases = {name: torch.nn.Parameter(0.1 * randn(shape[0])) for name, shape in SHAPES.items()}
# Muon takes matrices only; the kernel's view shares its memory, and is given its gradient by hand.
view = torch.nn.Parameter(weights["kernel"].detach().flatten(1))

muon = torch.optim.Muon(
    [weights["wide"], weights["tall"], view],
    momentum=OPTIONS["beta1"],
    weight_decay=OPTIONS["weightDecay"],
    adjust_lr_fn="match_rms_adamw",
)
adamw = torch.optim.AdamW(
    [
        {"params": [weights["conv_out"]], "weight_decay": OPTIONS["weightDecay"]},
        {"params": list(biases.values()), "weight_decay": 0.0},
    ],
    betas=(OPTIONS["beta1"], OPTIONS["beta2"]),
    eps=OPTIONS["epsilon"],
)


def loss_of(x, y):
    h = torch.tanh(F.linear(x, weights["wide"], biases["wide"]))
    h = torch.tanh(F.linear(h, weights["tall"], biases["tall"]))  # [N, H, W, 4]
    h = torch.tanh(F.conv2d(h.permute(0, 3, 1, 2), weights["kernel"], biases["kernel"], padding=1))
    return F.mse_loss(F.conv2d(h, weights["conv_out"], biases["conv_out"], padding=1), y)


every = [*weights.values(), *biases.values()]
steps = []
for rate in RATES:
    for group in [*muon.param_groups, *adamw.param_groups]:
        group["lr"] = rate
    x, y = randn(2, 4, 4, 3), 3 * randn(2, 2, 4, 4)
    for parameter in every:
        parameter.grad = None
    loss = loss_of(x, y)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(every, OPTIONS["clipNorm"])
    view.grad = weights["kernel"].grad.flatten(1)
    muon.step()
    adamw.step()
    with torch.no_grad():
        weights["kernel"].copy_(view.view(SHAPES["kernel"]))
    steps.append(
        {
            "learningRate": rate,
            "x": x.flatten().tolist(),
            "y": y.permute(0, 2, 3, 1).flatten().tolist(),
            "loss": loss.item(),
            "gradientNorm": norm.item(),
            "parameters": {
                **{f"{name}.weight": w.detach().flatten().tolist() for name, w in weights.items()},
                **{f"{name}.bias": b.detach().flatten().tolist() for name, b in biases.items()},
            },
        }
    )
    print(loss.item(), norm.item())

generator = torch.Generator().manual_seed(11)
start = {f"{name}.weight": (0.4 * randn(*shape)).flatten().tolist() for name, shape in SHAPES.items()}
start |= {f"{name}.bias": (0.1 * randn(shape[0])).tolist() for name, shape in SHAPES.items()}
golden = {
    "recipe": "scripts/goldens/muon.py",
    "torch": torch.__version__.split("+")[0],
    "options": OPTIONS,
    "shapes": SHAPES,
    "start": start,
    "steps": steps,
}
OUT.write_text(json.dumps(golden) + "\n")
