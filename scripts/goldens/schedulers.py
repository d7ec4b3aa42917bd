"""Goldens of noise schedules and samplers: diffusers' schedulers, step by step, on a made-up network.

Run from the repository root: python scripts/goldens/schedulers.py (diffusers 0.42.1, scipy 1.17.1).

The network is output = 0.3 * input + 0.1 * cos(t / 200 + index), so that any language can repeat it. Each case is run
twice: as diffusers is shipped (float32), and with its float32 types replaced by float64. `rounding` is the largest
difference of the two, relative to the largest magnitude of the signal of that step; where it is above 2e-6,
float32 says little about the formulas, and the float64 signals are stored beside it as `exact`. Timesteps and sigmas
are those of the float64 run: float32 tables move fractional Karras timesteps by 1e-3.
"""

import contextlib
import json
import math
import pathlib
import sys

import diffusers
import numpy as np
import torch

OUT = pathlib.Path("test/golden/schedulers")
SHAPE = (1, 2, 2, 2)
COUNT = math.prod(SHAPE)

SD1 = dict(
    beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000
)
LEADING = dict(SD1, timestep_spacing="leading", steps_offset=1)
LINSPACE = dict(SD1, timestep_spacing="linspace")
TRAILING = dict(SD1, timestep_spacing="trailing")
ZERO_SNR = dict(TRAILING, rescale_betas_zero_snr=True, prediction_type="v_prediction")
SD1_DDIM = dict(LEADING, set_alpha_to_one=False, clip_sample=False)

V = dict(prediction_type="v_prediction")
KARRAS = dict(use_karras_sigmas=True)
ALL, SOME = [4, 10, 20, 50], [7, 20]

# file: (class, [(name, configuration, step counts, eta)])
SAMPLERS = {
    "ddim": (
        diffusers.DDIMScheduler,
        [
            ("sd1", SD1_DDIM, ALL, 0),
            ("sd1-v", SD1_DDIM | V, ALL, 0),
            ("zero-snr", ZERO_SNR | dict(clip_sample=False), ALL, 0),
            ("zero-snr-eta", ZERO_SNR | dict(clip_sample=False), SOME, 0.5),
            ("eta", SD1_DDIM, SOME, 0.7),
            ("clipped", dict(LEADING), SOME, 0),
            ("linspace", LINSPACE | dict(clip_sample=False), SOME, 0),
            ("sample", SD1_DDIM | dict(prediction_type="sample"), SOME, 0),
        ],
    ),
    "euler": (
        diffusers.EulerDiscreteScheduler,
        [
            ("sd1", LEADING, ALL, 0),
            ("sd1-v", LEADING | V, ALL, 0),
            ("zero-snr", ZERO_SNR, ALL, 0),
            ("linspace", LINSPACE, SOME, 0),
            ("karras", LINSPACE | KARRAS, SOME, 0),
            ("sigma-min", LINSPACE | dict(final_sigmas_type="sigma_min"), SOME, 0),
            ("cosine", dict(beta_schedule="squaredcos_cap_v2"), SOME, 0),
        ],
    ),
    "euler-ancestral": (
        diffusers.EulerAncestralDiscreteScheduler,
        [
            ("sd1", LEADING, ALL, 0),
            ("sd1-v", LEADING | V, ALL, 0),
            ("zero-snr", ZERO_SNR, SOME, 0),
            ("linspace", LINSPACE, SOME, 0),
        ],
    ),
    "lms": (
        diffusers.LMSDiscreteScheduler,
        [
            ("sd1", LEADING, ALL, 0),
            ("sd1-v", LEADING | V, ALL, 0),
            ("linspace", LINSPACE, [7, 50], 0),
            ("trailing", TRAILING, SOME, 0),
            ("karras", LINSPACE | KARRAS, SOME, 0),
        ],
    ),
    "heun": (
        diffusers.HeunDiscreteScheduler,
        [
            ("sd1", LEADING, ALL, 0),
            ("sd1-v", LEADING | V, ALL, 0),
            ("linspace", LINSPACE, SOME, 0),
            ("karras", LINSPACE | KARRAS, SOME, 0),
            ("clipped", LINSPACE | dict(clip_sample=True), SOME, 0),
        ],
    ),
    "lcm": (
        diffusers.LCMScheduler,
        [
            ("sd1", dict(SD1), [1, 2, 4, 7], 0),
            ("zero-snr", dict(SD1, **V, rescale_betas_zero_snr=True), [1, 2, 4, 8], 0),
            ("few", dict(SD1, original_inference_steps=8, timestep_scaling=1.0), [4], 0),
        ],
    ),
    "dpm++2m": (
        diffusers.DPMSolverMultistepScheduler,
        [
            ("sd1", LEADING, ALL, 0),
            ("sd1-v", LEADING | V, ALL, 0),
            ("zero-snr", ZERO_SNR, ALL, 0),
            ("linspace", LINSPACE, SOME, 0),
            ("karras", LINSPACE | KARRAS, SOME, 0),
            ("sigma-min", LINSPACE | dict(final_sigmas_type="sigma_min"), SOME, 0),
            (
                "sigma-min-2nd",
                LINSPACE | dict(final_sigmas_type="sigma_min", lower_order_final=False),
                [7],
                0,
            ),
            (
                "euler-at-final",
                LINSPACE
                | dict(final_sigmas_type="sigma_min", lower_order_final=False, euler_at_final=True),
                [7],
                0,
            ),
            (
                "cosine",
                dict(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1),
                SOME,
                0,
            ),
        ],
    ),
}


class Doubled:
    """A module whose float32 is float64."""

    def __init__(self, module):
        self.module = module

    def __getattr__(self, name):
        return getattr(self.module, "float64" if name == "float32" else name)


@contextlib.contextmanager
def in_double(cls):
    module = sys.modules[cls.__module__]
    module.torch, module.np = Doubled(torch), Doubled(np)
    try:
        yield
    finally:
        module.torch, module.np = torch, np


def network(scaled, t):
    index = torch.arange(COUNT, dtype=torch.float64).reshape(SHAPE)
    return (0.3 * scaled.double() + 0.1 * torch.cos(float(t) / 200 + index)).to(scaled.dtype)


def step_arguments(cls, eta, noise):
    if cls is diffusers.DDIMScheduler and eta > 0:
        return dict(eta=eta, variance_noise=noise)
    return {}


def run(cls, config, steps, eta, noise, step_noise, dtype):
    scheduler = cls(**config)
    scheduler.set_timesteps(steps)
    x = noise.to(dtype) * scheduler.init_noise_sigma
    module = sys.modules[cls.__module__]
    signals = []
    for i, t in enumerate(scheduler.timesteps):
        drawn = step_noise[i].to(dtype)
        if hasattr(module, "randn_tensor"):
            module.randn_tensor = lambda *_, **__: drawn
        output = network(scheduler.scale_model_input(x, t), t)
        x = scheduler.step(output, t, x, **step_arguments(cls, eta, drawn)).prev_sample
        # Heun's scheduler takes two calls a step, but one for the last; only whole steps are kept.
        last = i == len(scheduler.timesteps) - 1
        if getattr(scheduler, "state_in_first_order", True) or last:
            signals.append(x.flatten())
    return scheduler, torch.stack(signals)


def short(tensor):
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def rows(tensor):
    return [short(row) for row in tensor]


def case(cls, name, config, steps, eta, noise, step_noise):
    _, x = run(cls, config, steps, eta, noise, step_noise, torch.float32)
    with in_double(cls):
        scheduler, exact = run(cls, config, steps, eta, noise, step_noise, torch.float64)
    error = (x.double() - exact).abs().amax(1) / exact.abs().amax(1)
    rounding = float(f"{error.max().item():.2g}")
    out = dict(name=name, config=config, steps=steps, eta=eta, rounding=rounding)
    timesteps = scheduler.timesteps
    if cls is diffusers.HeunDiscreteScheduler:
        timesteps = torch.cat([timesteps[:1], timesteps[1::2]])
    out["timesteps"] = short(timesteps)
    if hasattr(scheduler, "sigmas"):
        sigmas = scheduler.sigmas
        if cls is diffusers.HeunDiscreteScheduler:
            sigmas = torch.cat([sigmas[:1], sigmas[1:-1:2], sigmas[-1:]])
        out["sigmas"] = short(sigmas)
    out["x"] = rows(x)
    if rounding > 2e-6:
        out["exact"] = rows(exact)
    print(f"{cls.__name__:34} {name:14} {steps:3} rounding {rounding:.1e}")
    return out


def tables():
    kinds = {
        "linear": {},
        "scaled_linear": SD1,
        "squaredcos_cap_v2": dict(beta_schedule="squaredcos_cap_v2"),
        "trained_betas": dict(trained_betas=[0.01, 0.02, 0.05, 0.3], num_train_timesteps=4),
        "zero_snr": dict(SD1, rescale_betas_zero_snr=True),
    }
    out = []
    for name, config in kinds.items():
        values = diffusers.DDIMScheduler(**config).alphas_cumprod
        at = list(range(4)) if len(values) == 4 else [0, 1, 2, 10, 100, 333, 500, 750, 900, 998, 999]
        out.append(dict(name=name, config=config, at=at, alphas_cumprod=short(values[at])))
    return out


def spacings():
    """Timesteps at step counts that do not divide 1000, where rounding shows."""
    out = []
    for sampler, cls in [
        ("ddim", diffusers.DDIMScheduler),
        ("lms", diffusers.LMSDiscreteScheduler),
        ("dpm++2m", diffusers.DPMSolverMultistepScheduler),
    ]:
        for spacing in ["leading", "trailing", "linspace"]:
            for steps in [2, 3, 6, 7, 16, 33, 48, 80]:
                scheduler = cls(**SD1, timestep_spacing=spacing)
                scheduler.set_timesteps(steps)
                timesteps = short(scheduler.timesteps)
                out.append(dict(sampler=sampler, spacing=spacing, steps=steps, timesteps=timesteps))
    return out


def write(name, value):
    lines = json.dumps(value, allow_nan=False, separators=(",", ":")).replace(',{"name"', ',\n{"name"')
    (OUT / f"{name}.json").write_text(lines.replace(',{"sampler"', ',\n{"sampler"') + "\n")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(7)
    noise = torch.randn(SHAPE, generator=generator)
    step_noise = torch.randn((100, *SHAPE), generator=generator)
    write("noise", dict(initial=short(noise), steps=rows(step_noise[:50])))
    write("tables", tables())
    write("spacings", spacings())
    for name, (cls, cases) in SAMPLERS.items():
        write(
            name,
            [
                case(cls, label, config, steps, eta, noise, step_noise)
                for label, config, counts, eta in cases
                for steps in counts
            ],
        )


main()
