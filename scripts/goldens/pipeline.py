"""Goldens of a whole pipeline: diffusers' StableDiffusionPipeline on a folder that followspot wrote.

Run from the root of the repository, with the folder made by `npx tsx scripts/goldens/tiny-pipeline.ts FOLDER`:

    python scripts/goldens/pipeline.py FOLDER        (diffusers 0.42.1, transformers 5.23.0)

Output: test/golden/pipeline/pictures.json, and guidance.json of the network that takes guidance as a number: bytes of 32 x 32 RGB pictures in base64.
"""

import base64
import json
import sys
from pathlib import Path

import diffusers
import torch

OUT = Path("test/golden/pipeline")
PROMPT = "a red cube and a blue sphere"
SAMPLERS = {
    "ddim": "DDIMScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-ancestral": "EulerAncestralDiscreteScheduler",
    "lms": "LMSDiscreteScheduler",
    "dpm++2m": "DPMSolverMultistepScheduler",
    "lcm": "LCMScheduler",
}
CASES = [
    *({"sampler": name} for name in SAMPLERS if name != "lcm"),
    {"sampler": "ddim", "cfg": 1.0},
    {"sampler": "ddim", "negative": "a house", "seed": 2**32 + 5},
    {"sampler": "ddim", "prompt": "snow " * 90},
]
GUIDANCE_CASES = [
    {"sampler": "lcm", "cfg": cfg, "steps": steps} for cfg, steps in [(8.0, 4), (2.5, 4), (1.0, 1)]
]
DEFAULTS = {"prompt": PROMPT, "negative": "", "cfg": 3.0, "seed": 7, "steps": 6}


def pictures(folder, changes):
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    config = pipe.scheduler.config
    cases = []
    for change in changes:
        case = {**DEFAULTS, **change}
        pipe.scheduler = getattr(diffusers, SAMPLERS[case["sampler"]]).from_config(config)
        image = pipe(
            case["prompt"],
            negative_prompt=case["negative"],
            height=32,
            width=32,
            num_inference_steps=case["steps"],
            guidance_scale=case["cfg"],
            generator=torch.Generator("cpu").manual_seed(case["seed"]),
            output_type="np",
        ).images[0]
        pixels = (image * 255).round().astype("uint8").tobytes()
        cases.append({**case, "seed": str(case["seed"]), "picture": base64.b64encode(pixels).decode()})
    return cases


def main(folder):
    OUT.mkdir(parents=True, exist_ok=True)
    for name, path, changes in [
        ("pictures", folder, CASES),
        ("guidance", f"{folder}-guidance", GUIDANCE_CASES),
    ]:
        file = OUT / f"{name}.json"
        file.write_text(json.dumps(pictures(path, changes), indent=1) + "\n")
        print(file, file.stat().st_size, "bytes")


main(sys.argv[1])
