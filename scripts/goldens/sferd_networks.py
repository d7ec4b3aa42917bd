"""Goldens of the semantic encoder, the gradient predictor and the latent network, as modules of PyTorch.

Run from the repository root: python scripts/goldens/sferd_networks.py (diffusers 0.42.1)

The modules are written from the paper's figures and tables (SFERD, arXiv 2311.03830; PDAE, arXiv 2212.12990; diffusion
autoencoders, arXiv 2111.15640) and bear our names, so their state dicts are our checkpoints. The student is a tiny
UNet2DModel. Weights are made up as in models.py. Pictures are stored channels last.
"""

import hashlib
import json
import math
import pathlib

import torch
import torch.nn.functional as F
from diffusers import UNet2DModel
from torch import nn

OUT = pathlib.Path("test/golden/sferd")
SEED = 7
GROUPS = 4
torch.set_grad_enabled(False)


def fill(*models):
    """Made-up weights; the digest of their names and shapes."""
    generator = torch.Generator().manual_seed(SEED)
    lines = []
    named = sorted((prefix + name, value) for prefix, model in models for name, value in model.state_dict().items())
    for name, value in named:
        shape = list(value.shape)
        lines.append(f"{name} {'x'.join(map(str, shape))}")
        bound = math.sqrt(3 / math.prod(shape[1:])) if len(shape) > 1 else 0.2
        u = torch.rand(value.numel(), generator=generator)
        made = (2 * u - 1) * torch.tensor(bound, dtype=torch.float32)
        if len(shape) == 1 and name.endswith("weight"):
            made = made + 1
        value.copy_(made.reshape(shape))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Attention(nn.Module):
    """Self-attention over cells, added to its input."""

    def __init__(self, channels, heads, groups):
        super().__init__()
        self.heads = heads
        self.group_norm = nn.GroupNorm(groups, channels)
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x):
        n, c, h, w = x.shape
        tokens = self.group_norm(x).flatten(2).transpose(1, 2)
        split = lambda y: y.reshape(n, h * w, self.heads, -1).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(*(split(f(tokens)) for f in (self.to_q, self.to_k, self.to_v)))
        out = self.to_out[0](mixed.transpose(1, 2).reshape(n, h * w, c))
        return x + out.transpose(1, 2).reshape(x.shape)


class EncoderBlock(nn.Module):
    def __init__(self, inputs, channels, stride, heads):
        super().__init__()
        self.conv = nn.Conv2d(inputs, channels, 3, stride, 1)
        if heads:
            self.attention = Attention(channels, heads, GROUPS)
        self.norm = nn.GroupNorm(GROUPS, channels)

    def forward(self, x):
        x = self.conv(x)
        return F.silu(self.norm(self.attention(x) if hasattr(self, "attention") else x))


class SemanticEncoder(nn.Module):
    def __init__(self, widths, strides, attention, cells, latent):
        super().__init__()
        inputs = [3, *widths]
        self.blocks = nn.ModuleList(
            EncoderBlock(inputs[i], width, strides[i], 2 if i == attention else 0) for i, width in enumerate(widths)
        )
        self.proj_out = nn.Linear(widths[-1] * cells, latent)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.proj_out(x.flatten(1))


class ShiftBlock(nn.Module):
    def __init__(self, inputs, outputs, time, double=False):
        super().__init__()
        self.double = double
        self.norm1, self.norm2 = nn.GroupNorm(GROUPS, inputs), nn.GroupNorm(GROUPS, outputs)
        self.conv1, self.conv2 = nn.Conv2d(inputs, outputs, 3, 1, 1), nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.time_emb_proj, self.latent_emb_proj = nn.Linear(time, 2 * outputs), nn.Linear(time, 2 * outputs)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, temb, zemb):
        up = (lambda y: F.interpolate(y, scale_factor=2, mode="nearest")) if self.double else (lambda y: y)
        h = self.norm2(self.conv1(up(F.silu(self.norm1(x)))))
        for layer, embedding in ((self.time_emb_proj, temb), (self.latent_emb_proj, zemb)):
            scale, shift = layer(F.silu(embedding))[:, :, None, None].chunk(2, 1)
            h = (1 + scale) * h + shift
        h = self.conv2(F.silu(h))
        x = up(x)
        return h + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Middle(nn.Module):
    def __init__(self, channels, heads, time):
        super().__init__()
        self.resnets = nn.ModuleList(ShiftBlock(channels, channels, time) for _ in range(2))
        self.attentions = nn.ModuleList([Attention(channels, heads, GROUPS)])

    def forward(self, x, temb, zemb):
        x = self.attentions[0](self.resnets[0](x, temb, zemb))
        return self.resnets[1](x, temb, zemb)


class Up(nn.Module):
    def __init__(self, inputs, skips, width, heads, time, upsample):
        super().__init__()
        ins = [inputs] + [width] * (len(skips) - 1)
        self.resnets = nn.ModuleList(ShiftBlock(a + b, width, time) for a, b in zip(ins, skips))
        if heads:
            self.attentions = nn.ModuleList(Attention(width, heads, GROUPS) for _ in skips)
        if upsample == "conv":
            conv = nn.Module()
            conv.conv = nn.Conv2d(width, width, 3, 1, 1)
            self.upsamplers = nn.ModuleList([conv])
        elif upsample == "resnet":
            self.upsamplers = nn.ModuleList([ShiftBlock(width, width, time, double=True)])

    def forward(self, x, skips, temb, zemb):
        for i, block in enumerate(self.resnets):
            x = block(torch.cat([x, skips.pop()], 1), temb, zemb)
            if hasattr(self, "attentions"):
                x = self.attentions[i](x)
        if not hasattr(self, "upsamplers"):
            return x
        up = self.upsamplers[0]
        if isinstance(up, ShiftBlock):
            return up(x, temb, zemb)
        return up.conv(F.interpolate(x, scale_factor=2, mode="nearest"))


class GradientPredictor(nn.Module):
    """Of a student of two levels of `widths`, one layer each, whose coarse level attends."""

    def __init__(self, widths, heads, time, latent, wiring, upsample):
        super().__init__()
        fine, coarse = widths
        self.latent_embedding = nn.Linear(latent, time)
        if wiring == "code":
            self.shift_mid = Middle(coarse, heads, time)
        # Skips from the last: coarse level, its way down, fine level, the first convolution.
        self.shift_blocks = nn.ModuleList(
            [
                Up(coarse, [coarse, fine], coarse, heads, time, upsample),
                Up(coarse, [fine, fine], fine, 0, time, None),
            ]
        )
        self.shift_norm_out = nn.GroupNorm(GROUPS, fine)
        self.shift_conv_out = nn.Conv2d(fine, 3, 3, 1, 1)

    def forward(self, stages, latent):
        zemb = self.latent_embedding(latent)
        temb, skips = stages["temb"], list(stages["skips"])
        x = self.shift_mid(stages["h"], temb, zemb) if hasattr(self, "shift_mid") else stages["mid"]
        for block in self.shift_blocks:
            x = block(x, skips, temb, zemb)
        return self.shift_conv_out(F.silu(self.shift_norm_out(x)))


def stages_of(model, sample, timestep):
    temb = model.time_embedding(model.time_proj(timestep))
    h = model.conv_in(sample)
    skips = [h]
    for block in model.down_blocks:
        h, outputs = block(hidden_states=h, temb=temb)
        skips.extend(outputs)
    return {"temb": temb, "skips": skips, "h": h, "mid": model.mid_block(h, temb)}


class LatentMlp(nn.Module):
    def __init__(self, width, hidden, layers, waves):
        super().__init__()
        self.waves = waves
        self.time_embedding = nn.ModuleDict(dict(linear_1=nn.Linear(waves, width), linear_2=nn.Linear(width, width)))
        self.layers = nn.ModuleList()
        for i in range(layers):
            last = i == layers - 1
            layer = nn.Module()
            layer.linear = nn.Linear(width if i == 0 else hidden + width, width if last else hidden)
            if not last:
                layer.time_emb_proj, layer.norm = nn.Linear(width, hidden), nn.LayerNorm(hidden)
            self.layers.append(layer)

    def forward(self, z, timestep):
        half = self.waves // 2
        angles = timestep[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
        time = self.time_embedding["linear_1"](torch.cat([angles.cos(), angles.sin()], 1))
        time = self.time_embedding["linear_2"](F.silu(time))
        h = z
        for i, layer in enumerate(self.layers):
            h = layer.linear(h if i == 0 else torch.cat([h, z], 1))
            if hasattr(layer, "norm"):
                h = F.silu(layer.norm(h * (1 + layer.time_emb_proj(F.silu(time)))))
        return h


def noise(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def stored(x, digits=7):
    x = (x.permute(0, 2, 3, 1) if x.dim() == 4 else x).contiguous()
    return {"shape": list(x.shape), "data": [float(f"{v:.{digits}g}") for v in x.flatten().tolist()]}


def encoder_case():
    config = dict(
        sample_size=8, block_out_channels=[8, 16, 16], strides=[1, 2, 2], attention_block=1,
        num_attention_heads=2, norm_num_groups=GROUPS, latent_dim=5,
    )
    model = SemanticEncoder(config["block_out_channels"], config["strides"], 1, 4, 5)
    digest = fill(("", model))
    pictures = noise(11, 2, 3, 8, 8)
    return {"config": config, "digest": digest, "pictures": stored(pictures, 9), "output": stored(model(pictures))}


def predictor_case(wiring, upsample):
    widths, heads, latent = [8, 16], 4, 5
    config = dict(
        sample_size=8, block_out_channels=widths, layers_per_block=1, norm_num_groups=GROUPS, attention_head_dim=4,
        down_block_types=["DownBlock2D", "AttnDownBlock2D"], up_block_types=["AttnUpBlock2D", "UpBlock2D"],
        upsample_type=upsample,
    )
    student = UNet2DModel(**config).eval()
    model = GradientPredictor(widths, heads, 4 * widths[0], latent, wiring, upsample)
    digest = fill(("student.", student), ("predictor.", model))
    sample, z = noise(12, 2, 3, 8, 8), noise(13, 2, latent)
    timestep = torch.tensor([999.0, 330.5])
    output = model(stages_of(student, sample, timestep), z)
    unet = {key: value for key, value in config.items()}
    return {
        "config": {"latent_dim": latent, "wiring": wiring, "unet": unet},
        "digest": digest,
        "sample": stored(sample, 9),
        "timestep": stored(timestep, 9),
        "latent": stored(z, 9),
        "output": stored(output),
    }


def mlp_case():
    config = dict(latent_dim=6, hidden_dim=16, num_layers=4, time_embedding_dim=8)
    model = LatentMlp(6, 16, 4, 8)
    digest = fill(("", model))
    z, timestep = noise(14, 3, 6), torch.tensor([0.0, 12.0, 999.0])
    inputs = {"latent": stored(z, 9), "timestep": stored(timestep, 9)}
    return {"config": config, "digest": digest, **inputs, "output": stored(model(z, timestep))}


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    predictors = {f"{wiring}, {up}": predictor_case(wiring, up) for wiring, up in (("code", "conv"), ("figure", "resnet"))}
    document = {"encoder": encoder_case(), "predictors": predictors, "mlp": mlp_case()}
    (OUT / "networks.json").write_text(json.dumps(document) + "\n")


main()
