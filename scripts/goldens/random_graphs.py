"""Goldens of the random graphs: writes test/golden/engine/random_graphs.safetensors.

Runs the programs that random-programs.ts wrote, step by step in PyTorch and float64. Stored per program is
one row: the loss, then its gradient to each input, one after the other.

Run from the root of the repository: python scripts/goldens/random_graphs.py
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from formula import COTANGENT_SEED, fill
from operator_convolutions import conv2d, conv_transpose

FOLDER = Path("test/golden/engine")


def t(x: torch.Tensor, turned: bool) -> torch.Tensor:
    return x.transpose(-1, -2) if turned else x


def pad(x, before, after):
    amounts = [n for pair in zip(reversed(before), reversed(after)) for n in pair]
    return F.pad(x, amounts)


def scatter_add(x, indices, axis, size):
    zeros = torch.zeros([*x.shape[:axis], size, *x.shape[axis + 1 :]], dtype=x.dtype)
    return zeros.index_add(axis, torch.tensor(indices), x)


def attention(q, k, v, heads, scale):
    split = lambda x: x.unflatten(-1, (heads, -1)).transpose(1, 2)
    maps = (split(q) @ split(k).transpose(-1, -2) * scale).softmax(-1)
    return (maps @ split(v)).transpose(1, 2).flatten(2)


STEPS = {
    "neg": lambda x: -x,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "reciprocal": torch.reciprocal,
    "erf": torch.erf,
    "sin": torch.sin,
    "cos": torch.cos,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "abs": torch.abs,
    "silu": F.silu,
    "gelu": F.gelu,
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "pow": torch.pow,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "choose": lambda a, b, c, d: torch.where(a < b, c, d),
    "sum": lambda x, axes, keep: x.sum(axes, keepdim=keep),
    "mean": lambda x, axes, keep: x.mean(axes, keepdim=keep),
    "max": lambda x, axes, keep: x.amax(axes, keepdim=keep),
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, perm: x.permute(perm),
    "concat": lambda *parts: torch.cat(parts[:-1], parts[-1]),
    "slice": lambda x, axis, start, end: x.narrow(axis, start, end - start),
    "pad": pad,
    "expand": lambda x, shape: x.expand(shape),
    "gather": lambda x, indices, axis: x.index_select(axis, torch.tensor(indices)),
    "scatterAdd": scatter_add,
    "matmul": lambda a, b, trans_a, trans_b: t(a, trans_a) @ t(b, trans_b),
    "softmax": lambda x: x.softmax(-1),
    "attention": attention,
    "conv2d": lambda x, w, stride, padding, groups: conv2d(x, w, stride, padding, groups),
    "convTranspose2d": lambda y, w, stride, padding, groups, size: conv_transpose(
        y, w, size, stride, padding, groups
    ),
}


def run(program: list) -> torch.Tensor:
    values, inputs = [], []
    for n, (kind, operands, *parameters) in enumerate(program):
        if kind == "input":
            values.append(fill(tuple(parameters[0]), n + 1).requires_grad_())
            inputs.append(values[-1])
        else:
            values.append(STEPS[kind](*(values[i] for i in operands), *parameters))
    read = {i for _, operands, *_ in program for i in operands}
    sinks = [value for n, value in enumerate(values) if n not in read]
    loss = sum((value * fill(value.shape, COTANGENT_SEED)).mean() for value in sinks)
    gradients = torch.autograd.grad(loss, inputs, allow_unused=True)
    rows = [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, gradients)]
    return torch.cat([loss.detach().reshape(1), *(row.flatten() for row in rows)])


programs = json.loads((FOLDER / "random_programs.json").read_text())
goldens = {str(seed): run(program).float() for seed, program in enumerate(programs)}
out = FOLDER / "random_graphs.safetensors"
save_file(goldens, out, metadata={"torch": torch.__version__.split("+")[0]})
print(out, len(goldens), "programs,", out.stat().st_size, "bytes")
