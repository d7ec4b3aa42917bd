"""Converts PyTorch's port of the 2015 Inception-v3 to the names that `followspot evaluate distribution` reads.

Run: python scripts/goldens/inception_weights.py pt_inception-2015-12-05.pth inception-2015.safetensors
With --check instead of the names: converts torchvision's network with random weights and writes it, with
its features of one formula-made input, for scripts/goldens/check-inception.ts.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

EPS = 0.001

STEM = {
    "Conv2d_1a_3x3": "conv",
    "Conv2d_2a_3x3": "conv_1",
    "Conv2d_2b_3x3": "conv_2",
    "Conv2d_3b_1x1": "conv_3",
    "Conv2d_4a_3x3": "conv_4",
}
BRANCHES_35 = {
    "branch1x1": "conv",
    "branch5x5_1": "tower_conv",
    "branch5x5_2": "tower_conv_1",
    "branch3x3dbl_1": "tower_1_conv",
    "branch3x3dbl_2": "tower_1_conv_1",
    "branch3x3dbl_3": "tower_1_conv_2",
    "branch_pool": "tower_2_conv",
}
REDUCTION_35 = {
    "branch3x3": "conv",
    "branch3x3dbl_1": "tower_conv",
    "branch3x3dbl_2": "tower_conv_1",
    "branch3x3dbl_3": "tower_conv_2",
}
BRANCHES_17 = {
    "branch1x1": "conv",
    "branch7x7_1": "tower_conv",
    "branch7x7_2": "tower_conv_1",
    "branch7x7_3": "tower_conv_2",
    "branch7x7dbl_1": "tower_1_conv",
    "branch7x7dbl_2": "tower_1_conv_1",
    "branch7x7dbl_3": "tower_1_conv_2",
    "branch7x7dbl_4": "tower_1_conv_3",
    "branch7x7dbl_5": "tower_1_conv_4",
    "branch_pool": "tower_2_conv",
}
REDUCTION_17 = {
    "branch3x3_1": "tower_conv",
    "branch3x3_2": "tower_conv_1",
    "branch7x7x3_1": "tower_1_conv",
    "branch7x7x3_2": "tower_1_conv_1",
    "branch7x7x3_3": "tower_1_conv_2",
    "branch7x7x3_4": "tower_1_conv_3",
}
BRANCHES_8 = {
    "branch1x1": "conv",
    "branch3x3_1": "tower_conv",
    "branch3x3_2a": "tower_mixed_conv",
    "branch3x3_2b": "tower_mixed_conv_1",
    "branch3x3dbl_1": "tower_1_conv",
    "branch3x3dbl_2": "tower_1_conv_1",
    "branch3x3dbl_3a": "tower_1_mixed_conv",
    "branch3x3dbl_3b": "tower_1_mixed_conv_1",
    "branch_pool": "tower_2_conv",
}
BLOCKS = {
    "Mixed_5b": ("mixed", BRANCHES_35),
    "Mixed_5c": ("mixed_1", BRANCHES_35),
    "Mixed_5d": ("mixed_2", BRANCHES_35),
    "Mixed_6a": ("mixed_3", REDUCTION_35),
    "Mixed_6b": ("mixed_4", BRANCHES_17),
    "Mixed_6c": ("mixed_5", BRANCHES_17),
    "Mixed_6d": ("mixed_6", BRANCHES_17),
    "Mixed_6e": ("mixed_7", BRANCHES_17),
    "Mixed_7a": ("mixed_8", REDUCTION_17),
    "Mixed_7b": ("mixed_9", BRANCHES_8),
    "Mixed_7c": ("mixed_10", BRANCHES_8),
}


def scopes() -> dict[str, str]:
    """Names of PyTorch's layers and the graph's scopes."""
    names = dict(STEM)
    for block, (scope, branches) in BLOCKS.items():
        for branch, ours in branches.items():
            names[f"{block}.{branch}"] = f"{scope}_{ours}"
    return names


def convert(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Batch norm folded into kernels [out, height, width, in] and biases."""
    tensors = {}
    for layer, scope in scopes().items():
        at = lambda name: state[f"{layer}.{name}"].double()
        gain = torch.rsqrt(at("bn.running_var") + EPS)
        if f"{layer}.bn.weight" in state:
            gain = gain * at("bn.weight")
        kernel = at("conv.weight") * gain[:, None, None, None]
        tensors[f"{scope}.weight"] = kernel.permute(0, 2, 3, 1).float().contiguous()
        tensors[f"{scope}.bias"] = (at("bn.bias") - at("bn.running_mean") * gain).float()
    tensors["softmax.weight"] = state["fc.weight"].float().contiguous()
    tensors["softmax.bias"] = state["fc.bias"].float()
    return tensors


def check(weights: Path, golden: Path) -> None:
    """torchvision's layers in the 2015 wiring: mean pools leave padding out, the last block pools by maximum."""
    import torch.nn.functional as F
    from torchvision.models import inception

    torch.manual_seed(0)
    net = inception.inception_v3(weights=None, num_classes=1008, aux_logits=False, init_weights=False)
    net = net.eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.2, 0.6)
            module.bias.data.normal_(0, 0.1)
    save_file(convert(net.state_dict()), weights)

    h = torch.arange(1, 300)[:, None, None]
    w = torch.arange(1, 300)[None, :, None]
    c = torch.arange(1, 4)[None, None, :]
    x = torch.sin(0.05 * h.double() * c) * torch.cos(0.03 * w.double())
    x = x.float().permute(2, 0, 1)[None]
    mean_pool = F.avg_pool2d
    means = {}
    try:
        F.avg_pool2d = lambda y, *args, **kwargs: mean_pool(
            y, *args, **{**kwargs, "count_include_pad": False}
        )
        with torch.no_grad():
            for name, layer in net.named_children():
                if name in ("avgpool", "dropout", "fc", "AuxLogits"):
                    continue
                if name == "Mixed_7c":
                    F.avg_pool2d = lambda y, *args, **kwargs: F.max_pool2d(y, 3, 1, 1)
                x = layer(x)
                means[name] = x.mean((2, 3))[0]
            logits = means["Mixed_7c"] @ net.fc.weight.T
    finally:
        F.avg_pool2d = mean_pool
    names = {
        "maxpool2": "pool2_192",
        "Mixed_5d": "mixed_2_288",
        "Mixed_6e": "mixed_7_768",
        "Mixed_7a": "mixed_8_1280",
        "Mixed_7c": "mixed_10_2048",
    }
    spatial = {ours: means[name].tolist() for name, ours in names.items()}
    golden.write_text(json.dumps({"spatial_mean": spatial | {"logits_1008": logits.tolist()}}))


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        state = torch.load(sys.argv[1], map_location="cpu", weights_only=True)
        save_file(convert(state), sys.argv[2])
