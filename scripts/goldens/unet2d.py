"""Goldens of UNet2DModel: tiny configurations in diffusers, with the made-up weights of models.py.

Run from the repository root: python scripts/goldens/unet2d.py (diffusers 0.42.1).

Stored for each case: inputs, output, and what the network makes on the way (input and output of the middle block, the
embedding); for some the attention maps, the masks that dropped activations, or the gradient along a direction.
"""

import json
import pathlib

import torch
from diffusers import UNet2DModel
from diffusers.models.attention_processor import Attention
from models import Recorder, fill, last, noise, stream
from safetensors.torch import save_file

OUT = pathlib.Path("test/golden/unet2d")

DDPM = dict(
    block_out_channels=[16, 24],
    down_block_types=["DownBlock2D", "AttnDownBlock2D"],
    up_block_types=["AttnUpBlock2D", "UpBlock2D"],
    layers_per_block=1,
    attention_head_dim=8,
    norm_num_groups=4,
)
ADM = dict(
    block_out_channels=[8, 16, 16],
    down_block_types=["ResnetDownsampleBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
    up_block_types=["AttnUpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"],
    layers_per_block=2,
    downsample_type="resnet",
    upsample_type="resnet",
    resnet_time_scale_shift="scale_shift",
    attention_head_dim=4,
    norm_num_groups=4,
)
# name: (configuration, height, width, what else)
CASES = {
    "ddpm": (DDPM, 8, 8, dict(maps=True)),
    "classes": (DDPM | dict(num_class_embeds=5, dropout=0.25), 4, 6, dict(labels=[3, 0], masks=True, gradient=True)),
    "grey": (DDPM | dict(in_channels=1, out_channels=2, attention_head_dim=None), 4, 4, {}),
    "adm": (ADM, 8, 8, {}),
    "adm-norm": (ADM | dict(attn_norm_num_groups=2, num_class_embeds=4), 4, 8, dict(labels=[1, 2])),
    "options": (
        DDPM
        | dict(
            center_input_sample=True,
            flip_sin_to_cos=False,
            freq_shift=1,
            downsample_padding=0,
            mid_block_scale_factor=1.5,
            time_embedding_dim=20,
            layers_per_block=2,
            norm_eps=1e-6,
        ),
        6,
        8,
        {},
    ),
    "plain-mid": (DDPM | dict(add_attention=False), 4, 4, {}),
    "no-mid": (DDPM | dict(mid_block_type=None), 4, 4, {}),
}


class Mask(torch.nn.Module):
    """Drops by a mask of its own, which it keeps."""

    def __init__(self, share, generator):
        super().__init__()
        self.share, self.generator, self.mask = share, generator, None

    def forward(self, x):
        if self.mask is None:
            self.mask = torch.rand(x.shape, generator=self.generator) >= self.share
        return x * self.mask / (1 - self.share)


def put_masks(model, share):
    generator = torch.Generator().manual_seed(11)
    found = {}
    for name, module in model.named_modules():
        if name.endswith(".dropout"):
            parent = model.get_submodule(name.removesuffix(".dropout"))
            parent.dropout = found[name.removesuffix(".dropout")] = Mask(share, generator)
    return found


def record_maps(model):
    recorders = {}
    for name, module in model.named_modules():
        if isinstance(module, Attention):
            recorders[name] = Recorder()
            module.set_processor(recorders[name])
    return recorders


def site(name):
    """down_blocks.0.attentions.1 -> down.0.attn.1.self"""
    parts = name.split(".")
    at = parts.index("attentions")
    block = "mid" if parts[0] == "mid_block" else f"{parts[0].removesuffix('_blocks')}.{parts[1]}"
    return f"{block}.attn.{parts[at + 1]}.self"


def watch(model, kept):
    model.time_embedding.register_forward_hook(lambda _m, _i, out: kept.update(temb=out))
    if model.class_embedding is not None:
        model.class_embedding.register_forward_hook(lambda _m, _i, out: kept.update(temb=kept["temb"] + out))
    if model.mid_block is not None:
        model.mid_block.register_forward_hook(lambda _m, args, out: kept.update(h=last(args[0]), mid=last(out)))


def gradients(model, inputs):
    """For each weight, the gradient of mean(output²) along a direction drawn as the weights are, bound 1."""
    generator = stream()
    with torch.enable_grad():
        model(*inputs).sample.square().mean().backward()
    along = {}
    for name, value in sorted(model.named_parameters()):
        direction = 2 * torch.rand(value.numel(), generator=generator) - 1
        along[name] = (direction.double() * value.grad.flatten().double()).sum().item()
    return along


def make(name, config, height, width, extra, tensors):
    model = UNet2DModel(**config).eval()
    digest = fill(model)
    sample = noise(1, 2, model.config.in_channels, height, width)
    timestep = torch.tensor([981.0, 34.5])
    labels = torch.tensor(extra["labels"]) if "labels" in extra else None
    stages = {}
    watch(model, stages)
    recorders = record_maps(model) if extra.get("maps") else {}
    masks = put_masks(model, config["dropout"]) if extra.get("masks") else {}
    out = model(sample, timestep, labels).sample
    tensors[f"{name}.sample"] = last(sample)
    tensors[f"{name}.timestep"] = timestep
    if labels is not None:
        tensors[f"{name}.classLabels"] = labels
    tensors[f"{name}.output"] = last(out)
    for key, value in stages.items():
        tensors[f"{name}.{key}"] = value
    for key, module in masks.items():
        tensors[f"{name}.dropout.{key}"] = last(module.mask)
    for key, recorder in recorders.items():
        cells = recorder.maps.shape[1]
        tensors[f"{name}.maps.{site(key)}"] = recorder.maps.reshape(2, -1, cells, cells).contiguous()
    case = {"config": config, "digest": digest}
    if extra.get("gradient"):
        case["gradient"] = gradients(model, (sample, timestep, labels))
    return case


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    tensors = {}
    cases = {name: make(name, *case, tensors) for name, case in CASES.items()}
    (OUT / "unet2d.json").write_text(json.dumps(cases, indent=1) + "\n")
    save_file({key: value.detach() for key, value in tensors.items()}, OUT / "unet2d.safetensors")


if __name__ == "__main__":
    main()
