"""One case of the engine's operators in PyTorch: inputs by the formula, result and gradients kept."""

from collections.abc import Callable

import torch

from formula import COTANGENT_SEED, fill

goldens: dict[str, torch.Tensor] = {}


class Kind:
    """An input that is not the usual one: shape and kind, as in test/engine/inputs.ts."""

    def __init__(self, kind: str | int, *shape: int):
        self.kind, self.shape = kind, shape


def positive(*shape):
    return Kind("positive", *shape)


def ties(*shape):
    return Kind("ties", *shape)


def indices(below, *shape):
    return Kind(below, *shape)


def case(name: str, build: Callable[..., torch.Tensor], **inputs) -> None:
    specs = {k: v if isinstance(v, Kind) else Kind("any", *v) for k, v in inputs.items()}
    tensors = {k: fill(s.shape, i + 1, s.kind) for i, (k, s) in enumerate(specs.items())}
    floats = {k: t.requires_grad_() for k, t in tensors.items() if t.is_floating_point()}
    y = build(**tensors)
    assert f"{name}|result" not in goldens, f"case: {name} is there twice"
    goldens[f"{name}|result"] = y.detach()
    loss = (y * fill(y.shape, COTANGENT_SEED)).sum()
    if not loss.requires_grad:
        return
    gradients = torch.autograd.grad(loss, list(floats.values()), allow_unused=True)
    for key, gradient in zip(floats, gradients):
        if gradient is not None:
            goldens[f"{name}|{key}"] = gradient.detach()


def square_gradient(y: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The gradient of half the sum of squares, to be differentiated again."""
    return torch.autograd.grad((y * y).sum() / 2, x, create_graph=True)[0]
