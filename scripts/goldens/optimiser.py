"""Goldens of the training step: writes test/golden/training/optimiser.json.

Three steps of torch.optim.AdamW on a linear layer, with the gradient clipped by its global norm, decoupled decay on
the matrix alone, and an exponential moving average. Run from the root: python scripts/goldens/optimiser.py
"""

import json
from pathlib import Path

import torch

OUT = Path("test/golden/training/optimiser.json")

OPTIONS = {"beta1": 0.9, "beta2": 0.99, "epsilon": 1e-8, "weightDecay": 0.1, "clipNorm": 2.0}
RATES = [0.01, 0.02, 0.015]
EMA_DECAY = 0.2  # above (1 + k) / (10 + k) at the first step, below it from the second on

generator = torch.Generator().manual_seed(3)
matrix = torch.randn(2, 3, generator=generator)  # [out, in]
vector = torch.randn(2, generator=generator)
batches = [
    {
        "x": torch.randn(4, 3, generator=generator),
        # The last batch is easy, so that its gradient is below the norm that is clipped to.
        "y": torch.randn(4, 2, generator=generator) * (3 if k < 2 else 0.05),
    }
    for k in range(3)
]
batches[2]["x"] *= 0.05

weight = torch.nn.Parameter(matrix.clone())
bias = torch.nn.Parameter(vector.clone())
groups = [
    {"params": [weight], "weight_decay": OPTIONS["weightDecay"]},
    {"params": [bias], "weight_decay": 0.0},
]
optimiser = torch.optim.AdamW(
    groups, betas=(OPTIONS["beta1"], OPTIONS["beta2"]), eps=OPTIONS["epsilon"]
)
average = [matrix.clone(), vector.clone()]
steps = []
for k, (batch, rate) in enumerate(zip(batches, RATES), start=1):
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss = torch.nn.functional.mse_loss(
        torch.nn.functional.linear(batch["x"], weight, bias), batch["y"]
    )
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_([weight, bias], OPTIONS["clipNorm"])
    optimiser.step()
    decay = min(EMA_DECAY, (1 + k) / (10 + k))
    for mean, parameter in zip(average, (weight, bias)):
        mean.lerp_(parameter.detach(), 1 - decay)
    state = [optimiser.state[weight], optimiser.state[bias]]

    def flat(tensors):
        return [value for tensor in tensors for value in tensor.detach().flatten().tolist()]

    steps.append(
        {
            "learningRate": rate,
            "x": batch["x"].flatten().tolist(),
            "y": batch["y"].flatten().tolist(),
            "loss": loss.item(),
            "gradientNorm": norm.item(),
            "parameters": flat([weight, bias]),
            "firstMoment": flat([each["exp_avg"] for each in state]),
            "secondMoment": flat([each["exp_avg_sq"] for each in state]),
            "average": flat(average),
        }
    )

OUT.parent.mkdir(parents=True, exist_ok=True)
golden = {
    "recipe": "scripts/goldens/optimiser.py",
    "torch": torch.__version__.split("+")[0],
    "options": OPTIONS,
    "emaDecay": EMA_DECAY,
    "weight": matrix.flatten().tolist(),
    "bias": vector.tolist(),
    "steps": steps,
}
OUT.write_text(json.dumps(golden, indent=1) + "\n")
for step in steps:
    print(step["loss"], step["gradientNorm"])
