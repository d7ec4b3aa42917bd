"""Goldens of the engine's operator cases: writes test/golden/engine/operators.safetensors.

One line per case of test/engine/cases, written again in PyTorch and run in float64. Stored are the result
and the gradient of its sum, weighted by fixed factors, to each input that has one.

Run from the root of the repository: python scripts/goldens/operators.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from operator_case import case, goldens, indices, positive, square_gradient, ties
from operator_convolutions import convolutions, second_derivatives, transposed_convolutions

OUT = Path("test/golden/engine/operators.safetensors")

X = {"x": (2, 3, 4)}
PAIR = {"a": (2, 3), "b": (2, 3)}
TIED = {"a": ties(4, 5), "b": ties(4, 5)}


def elementwise() -> None:
    case("neg", lambda x: -x, **X)
    case("exp", lambda x: x.exp(), **X)
    case("log", lambda x: x.log(), x=positive(2, 3))
    case("sqrt", lambda x: x.sqrt(), x=positive(2, 3))
    case("reciprocal", lambda x: (-x).reciprocal(), x=positive(2, 3))
    case("erf", lambda x: x.erf(), **X)
    case("sin", lambda x: x.sin(), **X)
    case("cos", lambda x: x.cos(), **X)
    case("sigmoid", lambda x: x.sigmoid(), **X)
    case("sigmoid far out", lambda x: (20 * x).sigmoid(), **X)
    case("tanh", lambda x: x.tanh(), **X)
    case("relu", lambda x: x.relu(), **X)
    case("relu at zero", lambda x: x.relu(), x=ties(4, 5))
    case("abs", lambda x: x.abs(), **X)
    case("abs at zero", lambda x: x.abs(), x=ties(4, 5))
    case("sign", lambda x: x.sign(), **X)
    case("stop gradient", lambda x: x * x.detach(), x=ties(4, 5))
    case("silu", lambda x: F.silu(x), **X)
    case("gelu", lambda x: F.gelu(x), **X)
    case("quick gelu", lambda x: x * (1.702 * x).sigmoid(), **X)
    case("clip", lambda x: x.clamp(-1, 0.75), **X)
    case("clip on the bounds", lambda x: x.clamp(-1, 0), x=ties(4, 5))
    case("add", lambda a, b: a + b, **PAIR)
    case("add one value to itself", lambda x: x + x, **X)
    case("add zero", lambda x: x + 0, **X)
    case("add a row", lambda a, b: a + b, a=(2, 3, 4), b=(4,))
    case("add a column", lambda a, b: a + b, a=(2, 3, 4), b=(3, 1))
    case("add a scalar", lambda a, b: a + b, a=(2, 3), b=())
    case("sub", lambda a, b: a - b, **PAIR)
    case("sub from a number", lambda x: 1 - x, **X)
    case("sub both broadcast", lambda a, b: a - b, a=(3, 1), b=(1, 4))
    case("mul", lambda a, b: a * b, **PAIR)
    case("mul one value by itself", lambda x: x * x, **X)
    case("mul by one", lambda x: 1 * x, **X)
    case("mul by zero", lambda x: x * 0, **X)
    case("mul both broadcast", lambda a, b: a * b, a=(2, 1, 4), b=(3, 1))
    case("mul by an expanded value", lambda a, b: a * b.expand(2, 3), a=(2, 3), b=(1, 3))
    product = lambda a, b: a.expand(2, 3) * b.expand(2, 3)
    case("mul two expanded values", product, a=(2, 1), b=(1, 3))
    case("mul values expanded alike", product, a=(1, 3), b=(1, 3))
    case("div", lambda a, b: a / b, a=(2, 3), b=positive(2, 3))
    case("div by a column", lambda a, b: a / b, a=(2, 3), b=positive(2, 1))
    case("div of a number", lambda x: 2 / x, x=positive(2, 3))
    case("pow", lambda a, b: a**b, a=positive(2, 3), b=(2, 3))
    case("pow of a row", lambda a, b: a**b, a=positive(3), b=(2, 3))
    case("pow to a whole number", lambda x: x**3, **X)
    case("pow with zeros", lambda a: a**2, a=ties(4, 5))
    case("pow to zero", lambda a: a**0, a=ties(4, 5))
    case("max", lambda a, b: torch.maximum(a, b), **PAIR)
    case("max at ties", lambda a, b: torch.maximum(a, b), **TIED)
    case("max with a row", lambda a, b: torch.maximum(a, b), a=(2, 3), b=(3,))
    case("min", lambda a, b: torch.minimum(a, b), **PAIR)
    case("min at ties", lambda a, b: torch.minimum(a, b), **TIED)
    case("less", lambda a, b: (a < b).double(), **TIED)
    case("less or equal", lambda a, b: (a <= b).double(), **TIED)
    case("equal", lambda a, b: (a == b).double(), **TIED)
    case("equal to a row", lambda a, b: (a == b).double(), a=ties(4, 5), b=ties(5))
    case("where", lambda a, b, x: torch.where(x < 0, a, b), a=(3, 4), b=(3, 4), x=(3, 4))
    choose = lambda a, b, x: torch.where(x < 0, a, b)
    case("where broadcasts all", choose, a=(3, 1), b=(4,), x=(2, 1, 1))
    case("where with a number", lambda x: torch.where(x > 0, x, -3.0), **X)
    guarded = lambda x: torch.where(x > 0, torch.where(x > 0, x, 1.0).log(), 0.0)
    case("where guards a bad branch", guarded, x=ties(4, 5))
    case("cast to whole numbers and back", lambda x: (x * 10).long().double(), **X)
    case("cast to half and back", lambda x: (x * 3).half().double(), x=ties(4, 5))


def reductions() -> None:
    case("sum of all", lambda x: x.sum(), **X)
    case("sum of a scalar", lambda x: x.sum(), x=())
    case("sum over the first axis", lambda x: x.sum(0), **X)
    case("sum over the middle axis", lambda x: x.sum(1), **X)
    case("sum over the last axis", lambda x: x.sum(-1), **X)
    case("sum over the first two, kept", lambda x: x.sum((0, 1), keepdim=True), **X)
    case("sum over the last two", lambda x: x.sum((1, 2)), **X)
    case("sum over outer axes", lambda x: x.sum((0, 2), keepdim=True), **X)
    case("sum over two of four axes", lambda x: x.sum((1, 2)), x=(2, 3, 2, 3))
    case("mean over the last axis", lambda x: x.mean(-1, keepdim=True), **X)
    case("mean of all", lambda x: x.mean(), **X)
    case("max of all", lambda x: x.amax(), **X)
    case("max over the middle axis", lambda x: x.amax(1), **X)
    case("max over no axes", lambda x: x.clone(), **X)
    case("max over outer axes, kept", lambda x: x.amax((0, 2), keepdim=True), **X)
    case("max over an axis with ties", lambda x: x.amax(1), x=ties(4, 6))


def moves() -> None:
    case("reshape", lambda x: x.reshape(4, -1), **X)
    case("reshape twice", lambda x: x.reshape(24).reshape(2, 2, 6), **X)
    case("reshape to a scalar", lambda x: x.reshape(()), x=(1, 1))
    case("transpose", lambda x: x.permute(1, 0), x=(2, 3))
    case("transpose three axes in a circle", lambda x: x.permute(2, 0, 1), **X)
    case("transpose four axes", lambda x: x.permute(0, 3, 1, 2), x=(2, 3, 1, 2))
    case("concat along the first axis", lambda a, b: torch.cat([a, b]), a=(1, 3), b=(2, 3))
    side = lambda a, b, c: torch.cat([a, b, c], -1)
    case("concat along the last axis", side, a=(2, 1), b=(2, 3), c=(2, 2))
    case("concat a value with itself", lambda x: torch.cat([x, x], 1), **X)
    case("slice the first axis", lambda x: x[1:2], **X)
    case("slice the middle axis", lambda x: x[:, :2], **X)
    case("slice the last axis", lambda x: x[..., 1:3], **X)
    case("pad", lambda x: F.pad(x, (0, 2, 1, 0)), x=(2, 3))
    case("pad three axes", lambda x: F.pad(x, (2, 1, 1, 0, 0, 1)), **X)
    case("expand a row", lambda x: x.expand(2, 3), x=(3,))
    case("expand a column", lambda x: x.expand(2, 3), x=(2, 1))
    case("expand a scalar", lambda x: x.expand(2, 3), x=())
    case("expand between axes", lambda x: x.expand(2, 2, 2, 3), x=(2, 1, 3))


def picks() -> None:
    def scatter(x, i, axis, size):
        zeros = torch.zeros(*x.shape[:axis], size, *x.shape[axis + i.dim() :], dtype=x.dtype)
        flat = x.reshape(*x.shape[:axis], i.numel(), *x.shape[axis + i.dim() :])
        return zeros.index_add(axis, i.reshape(-1), flat)

    case("gather the first axis", lambda x, i: x[i], x=(3, 2, 4), i=indices(3, 5))
    case("gather the middle axis", lambda x, i: x[:, i], x=(3, 2, 4), i=indices(2, 5))
    case("gather the last axis", lambda x, i: x[..., i], x=(3, 2, 4), i=indices(4, 5))
    case("gather by a matrix", lambda x, i: x[i], x=(4, 3), i=indices(4, 2, 3))
    case("gather the middle by a matrix", lambda x, i: x[:, i], x=(2, 4, 3), i=indices(4, 2, 3))
    case("gather by one number", lambda x, i: x[:, i], x=(3, 4), i=indices(4))
    case("scatter to the first axis", lambda x, i: scatter(x, i, 0, 3), x=(5, 2, 4), i=indices(3, 5))
    case("scatter to the middle axis", lambda x, i: scatter(x, i, 1, 4), x=(3, 5, 2), i=indices(4, 5))
    case("scatter to the last axis", lambda x, i: scatter(x, i, 2, 3), x=(3, 2, 5), i=indices(3, 5))
    case("scatter by a matrix", lambda x, i: scatter(x, i, 0, 4), x=(2, 3, 4), i=indices(4, 2, 3))
    case("scatter by one number", lambda x, i: scatter(x, i, 1, 4), x=(3,), i=indices(4))


def attention_maps(q, k, heads, scale):
    split = lambda x: x.unflatten(-1, (heads, -1)).transpose(1, 2)
    return (split(q) @ split(k).transpose(-1, -2) * scale).softmax(-1)


def attention(q, k, v, heads, scale):
    split = lambda x: x.unflatten(-1, (heads, -1)).transpose(1, 2)
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        out = F.scaled_dot_product_attention(split(q), split(k), split(v), scale=scale)
    return out.transpose(1, 2).flatten(2)


def products() -> None:
    t = lambda x: x.transpose(-1, -2)
    plain, ta, tb = (lambda a, b: a @ b), (lambda a, b: t(a) @ b), (lambda a, b: a @ t(b))
    both = lambda a, b: t(a) @ t(b)
    case("matmul", plain, a=(2, 3), b=(3, 4))
    case("matmul aᵀ", ta, a=(3, 2), b=(3, 4))
    case("matmul bᵀ", tb, a=(2, 3), b=(4, 3))
    case("matmul aᵀ bᵀ", both, a=(3, 2), b=(4, 3))
    case("matmul of a value and itself", lambda a: a @ t(a), a=(3, 2))
    case("matmul of a row and a column", plain, a=(1, 3), b=(3, 1))
    case("matmul of batches", plain, a=(2, 2, 3), b=(2, 3, 2))
    case("matmul of batches aᵀ", ta, a=(2, 3, 2), b=(2, 3, 2))
    case("matmul of batches bᵀ", tb, a=(2, 2, 3), b=(2, 4, 3))
    case("matmul of batches aᵀ bᵀ", both, a=(2, 3, 2), b=(2, 4, 3))
    case("matmul of a batch and a matrix", plain, a=(2, 2, 3), b=(3, 4))
    case("matmul of a batch and a matrix bᵀ", tb, a=(2, 2, 3), b=(4, 3))
    case("matmul of a batch aᵀ and a matrix", ta, a=(2, 3, 2), b=(3, 4))
    case("matmul of a matrix aᵀ and a batch", ta, a=(3, 2), b=(2, 3, 4))
    case("matmul with broadcast batches", plain, a=(2, 1, 2, 3), b=(3, 3, 2))
    case("matmul with broadcast batches bᵀ", tb, a=(2, 1, 2, 3), b=(1, 3, 2, 3))


def attentions() -> None:
    qkv = {"q": (2, 3, 4), "k": (2, 5, 4), "v": (2, 5, 6)}
    one = {"q": (2, 3, 4), "k": (2, 1, 4), "v": (2, 1, 4)}
    case("softmax", lambda x: x.softmax(-1), x=(2, 3, 4))
    case("softmax of one entry", lambda x: x.softmax(-1), x=(3, 1))
    case("softmax of large numbers", lambda x: (x * 50).softmax(-1), x=(3, 4))
    case("log softmax", lambda x: x.log_softmax(-1), x=(3, 4))
    case("attention, one head", lambda q, k, v: attention(q, k, v, 1, 0.5), **qkv)
    case("attention, two heads", lambda q, k, v: attention(q, k, v, 2, 0.5**0.5), **qkv)
    case("attention to itself", lambda x: attention(x, x, x, 3, 0.7), x=(1, 4, 6))
    case("attention to one token", lambda q, k, v: attention(q, k, v, 2, 1.0), **one)
    case("attention in parts", lambda q, k, v: attention(q, k, v, 2, 0.6), **qkv)
    case("attention maps", lambda q, k: attention_maps(q, k, 2, 0.6), q=(2, 3, 4), k=(2, 5, 4))
    norm = lambda x: F.layer_norm(x, x.shape[-1:])
    case("layer norm", norm, x=(3, 6))
    t = lambda x: x.transpose(-1, -2)
    case("second derivative of matmul", lambda a, b: square_gradient(a @ b, a), a=(2, 3), b=(3, 2))
    turned = lambda a, b: square_gradient(t(a) @ t(b), b)
    case("second derivative of matmul aᵀ bᵀ", turned, a=(3, 2), b=(2, 3))
    row = {"x": (2, 4)}
    case("second derivative of softmax", lambda x: square_gradient(x.softmax(-1), x), **row)
    case("second derivative of silu", lambda x: square_gradient(F.silu(x), x), **row)
    case("second derivative of gelu", lambda x: square_gradient(F.gelu(x), x), **row)
    case("second derivative of layer norm", lambda x: square_gradient(norm(x) * x, x), **row)
    small = {"q": (1, 2, 4), "k": (1, 3, 4), "v": (1, 3, 4)}
    twice = lambda q, k, v: square_gradient(attention(q, k, v, 2, 0.5), q)
    case("second derivative of attention", twice, **small)


elementwise()
reductions()
moves()
picks()
products()
attentions()
convolutions()
transposed_convolutions()
second_derivatives()
OUT.parent.mkdir(parents=True, exist_ok=True)
stored = {name: tensor.float().contiguous() for name, tensor in goldens.items()}
save_file(stored, OUT, metadata={"torch": torch.__version__.split("+")[0]})
print(OUT, len(goldens), "tensors,", OUT.stat().st_size, "bytes")
