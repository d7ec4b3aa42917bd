"""Goldens of the model family: tiny configurations in diffusers and transformers, with made-up weights.

Run from the repository root: python scripts/goldens/models.py (diffusers 0.42.1, transformers 5.23.0).

Weights are not stored but made anew on both sides. In the order of their names, each takes its elements u from one
stream of torch.rand (seed 7, which src/core/generator.ts repeats bit for bit) as (2 u - 1) * bound, in float32:
bound is sqrt(3 / fan-in) for weights of two or more axes, 0.2 for vectors, and a norm's weight has 1 added.
`digest` is over the lines "name extents" of all weights, so that a missing or renamed one is told as such.
Pictures are stored channels last, as our graphs have them. One tiny autoencoder is stored whole, in three types.
"""

import hashlib
import json
import math
import pathlib

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

OUT = pathlib.Path("test/golden/models")
SEED = 7
TOKENS = 7

SD1 = dict(
    block_out_channels=[16, 32, 32, 32],
    layers_per_block=2,
    attention_head_dim=8,
    cross_attention_dim=12,
    norm_num_groups=4,
)
SD2 = dict(
    block_out_channels=[16, 32],
    down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],
    up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
    layers_per_block=1,
    attention_head_dim=[2, 4],
    use_linear_projection=True,
    cross_attention_dim=10,
    norm_num_groups=4,
)
STAGE = dict(
    block_out_channels=[16, 32, 32],
    down_block_types=["CrossAttnDownBlock2D"] * 3,
    up_block_types=["CrossAttnUpBlock2D"] * 3,
    layers_per_block=1,
    attention_head_dim=[2, 4, 4],
    use_linear_projection=True,
    cross_attention_dim=16,
    norm_num_groups=4,
)
# name: (configuration, height, width, what else)
UNETS = {
    "sd1": (SD1, 8, 8, {}),
    "sd2": (SD2, 8, 8, dict(gradient=True)),
    "stage": (STAGE, 8, 8, dict(maps=True)),
    "guided": (SD2 | dict(time_cond_proj_dim=6), 4, 6, dict(guidance=6)),
    "odd": (STAGE, 7, 5, {}),
    "deep": (
        SD2
        | dict(
            transformer_layers_per_block=[2, 1],
            layers_per_block=[1, 2],
            downsample_padding=0,
            center_input_sample=True,
            flip_sin_to_cos=False,
            freq_shift=1,
            mid_block_scale_factor=1.5,
            time_embedding_dim=24,
            in_channels=5,
            out_channels=3,
        ),
        6,
        8,
        {},
    ),
    "plain-mid": (SD2 | dict(mid_block_type="UNetMidBlock2D", block_out_channels=[15, 33], norm_num_groups=3), 4, 4, {}),
    "no-mid": (SD2 | dict(mid_block_type=None), 4, 4, {}),
}

TEXT = dict(
    vocab_size=40,
    hidden_size=24,
    intermediate_size=40,
    num_hidden_layers=3,
    num_attention_heads=4,
    max_position_embeddings=9,
    bos_token_id=38,
    eos_token_id=39,
    pad_token_id=39,
)
TEXTS = {
    "sd1-legacy-end": TEXT | dict(hidden_act="quick_gelu", eos_token_id=2),
    "sd2": TEXT | dict(hidden_act="gelu"),
    # An end that is not the largest id tells the two ways of pooling apart.
    "small-end": TEXT | dict(hidden_act="quick_gelu", eos_token_id=5),
}
IDS = [[38, 4, 21, 5, 17, 39, 39, 39, 39], [38, 11, 39, 5, 5, 39, 39, 39, 39], [38, 3, 1, 30, 7, 8, 5, 9, 39]]

TINY = dict(
    encoder_block_out_channels=[8, 8, 8],
    decoder_block_out_channels=[8, 8, 8],
    num_encoder_blocks=[1, 2, 1],
    num_decoder_blocks=[1, 1, 1],
    latent_channels=4,
)
TINIES = {"factor-4": TINY, "gelu": TINY | dict(act_fn="gelu")}

KL = dict(
    block_out_channels=[8, 16, 16],
    down_block_types=["DownEncoderBlock2D"] * 3,
    up_block_types=["UpDecoderBlock2D"] * 3,
    layers_per_block=1,
    norm_num_groups=4,
    latent_channels=4,
)
KLS = {
    "sd": KL | dict(layers_per_block=2),
    "no-attention": KL | dict(mid_block_add_attention=False),
    "no-quantisation": KL | dict(use_quant_conv=False, use_post_quant_conv=False),
}


def stream():
    return torch.Generator().manual_seed(SEED)


def fill(model, prefix=""):
    """Made-up weights; returns the digest of their names and shapes."""
    generator = stream()
    lines = []
    for name, value in sorted(model.state_dict().items()):
        shape = list(value.shape)
        lines.append(f"{prefix}{name} {'x'.join(map(str, shape))}")
        # A linear layer's and a convolution's first axis counts the outputs.
        bound = math.sqrt(3 / math.prod(shape[1:])) if len(shape) > 1 else 0.2
        u = torch.rand(value.numel(), generator=generator)
        made = (2 * u - 1) * torch.tensor(bound, dtype=torch.float32)
        if len(shape) == 1 and name.endswith("weight"):
            made = made + 1
        value.copy_(made.reshape(shape))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def noise(seed, *shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def last(x):
    """Channels last."""
    return x.permute(0, 2, 3, 1).contiguous()


class Recorder(AttnProcessor):
    """Plain attention that keeps its maps."""

    def __init__(self):
        super().__init__()
        self.maps = None

    def __call__(self, attn, *args, **kwargs):
        scores = attn.get_attention_scores

        def record(query, key, mask=None):
            self.maps = scores(query, key, mask)
            return self.maps

        attn.get_attention_scores = record
        try:
            return super().__call__(attn, *args, **kwargs)
        finally:
            attn.get_attention_scores = scores


def site(name):
    """down_blocks.0.attentions.1.transformer_blocks.0.attn2.processor -> down.0.attn.1.cross"""
    parts = name.split(".")
    at = parts.index("attentions")
    block = "mid" if parts[0] == "mid_block" else f"{parts[0].removesuffix('_blocks')}.{parts[1]}"
    kind = "cross" if parts[at + 4] == "attn2" else "self"
    return f"{block}.attn.{parts[at + 1]}.{kind}"


def unet_case(name, config, height, width, extra, tensors):
    model = UNet2DConditionModel(**config).eval()
    digest = fill(model)
    sample = noise(1, 2, model.config.in_channels, height, width)
    timestep = torch.tensor([981.0, 34.5])
    context = noise(2, 2, TOKENS, config["cross_attention_dim"])
    guidance = noise(3, 2, extra["guidance"]) if "guidance" in extra else None
    recorders = {key: Recorder() for key in model.attn_processors}
    if extra.get("maps"):
        model.set_attn_processor(recorders.copy())
    out = model(sample, timestep, context, timestep_cond=guidance).sample
    tensors[f"{name}.sample"] = last(sample)
    tensors[f"{name}.timestep"] = timestep
    tensors[f"{name}.context"] = context
    if guidance is not None:
        tensors[f"{name}.guidance"] = guidance
    tensors[f"{name}.output"] = last(out)
    if extra.get("maps"):
        for key, recorder in recorders.items():
            cells, tokens = recorder.maps.shape[1:]
            # Self-attention at the finest level is large; the coarser levels show the same.
            if tokens == TOKENS or cells <= 16:
                tensors[f"{name}.maps.{site(key)}"] = recorder.maps.reshape(2, -1, cells, tokens).contiguous()
    case = {"config": config, "digest": digest}
    if extra.get("gradient"):
        case["gradient"] = gradients(model, (sample, timestep, context))
    return case


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


def text_case(name, config, tensors):
    model = CLIPTextModel(CLIPTextConfig(**config)).eval()
    digest = fill(model, "text_model.")
    out = model(torch.tensor(IDS), output_hidden_states=True)
    tensors[f"{name}.last"] = out.last_hidden_state
    tensors[f"{name}.penultimate"] = out.hidden_states[-2].contiguous()
    tensors[f"{name}.pooled"] = out.pooler_output
    return {"config": config, "digest": digest, "ids": IDS}


def tiny_case(name, config, tensors):
    model = AutoencoderTiny(**config).eval()
    digest = fill(model)
    picture, latents = noise(1, 2, 3, 16, 8).clamp(-1, 1), 2 * noise(2, 2, 4, 4, 2)
    tensors[f"{name}.picture"] = last(picture)
    tensors[f"{name}.encoded"] = last(model.encode(picture).latents)
    tensors[f"{name}.latents"] = last(latents)
    tensors[f"{name}.decoded"] = last(model.decode(latents).sample)
    if name == "factor-4":
        weights = model.decoder.state_dict(prefix="decoder.")
        for suffix, dtype in [("f32", torch.float32), ("f16", torch.float16), ("bf16", torch.bfloat16)]:
            stored = {key: value.to(dtype).contiguous() for key, value in weights.items()}
            save_file(stored, OUT / f"decoder-{suffix}.safetensors")
            model.load_state_dict({key: value.float() for key, value in stored.items()}, strict=False)
            tensors[f"{name}.decoded-{suffix}"] = last(model.decode(latents).sample)
    return {"config": config, "digest": digest}


def kl_case(name, config, tensors):
    model = AutoencoderKL(**config).eval()
    digest = fill(model)
    picture, latents = noise(1, 2, 3, 16, 8).clamp(-1, 1), noise(2, 2, 4, 4, 2)
    posterior = model.encode(picture).latent_dist
    tensors[f"{name}.picture"] = last(picture)
    tensors[f"{name}.mean"] = last(posterior.mean)
    tensors[f"{name}.logvar"] = last(posterior.logvar)
    tensors[f"{name}.latents"] = last(latents)
    tensors[f"{name}.decoded"] = last(model.decode(latents).sample)
    return {"config": config, "digest": digest}


def write(file, cases, tensors):
    text = json.dumps(cases, indent=1)
    (OUT / f"{file}.json").write_text(text + "\n")
    save_file({key: value.detach() for key, value in tensors.items()}, OUT / f"{file}.safetensors")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_grad_enabled(False)
    torch.manual_seed(0)
    for file, cases, make in [
        ("unet", UNETS, unet_case),
        ("text-encoder", TEXTS, text_case),
        ("autoencoder-tiny", TINIES, tiny_case),
        ("autoencoder-kl", KLS, kl_case),
    ]:
        tensors = {}
        made = {}
        for name, case in cases.items():
            arguments = case if isinstance(case, tuple) else (case,)
            made[name] = make(name, *arguments, tensors)
        write(file, made, tensors)


if __name__ == "__main__":
    main()
