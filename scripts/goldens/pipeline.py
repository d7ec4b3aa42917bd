"""Goldens of a whole pipeline: diffusers' StableDiffusionPipeline on a folder that followspot wrote.

Run from the root of the repository, with the folder made by `npx tsx scripts/goldens/tiny-pipeline.ts FOLDER`:

    python scripts/goldens/pipeline.py FOLDER        (diffusers 0.42.1, transformers 5.23.0)

Output: test/golden/pipeline/pictures.json, bytes of 32 x 32 RGB pictures in base64.
"""

import base64
import json
import sys
from pathlib import Path

import diffusers
import torch

OUT = Path("test/golden/pipeline/pictures.json")
PROMPT = "a red cube and a blue sphere"
SAMPLERS = {
    "ddim": "DDIMScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler-ancestral": "EulerAncestralDiscreteScheduler",
    "lms": "LMSDiscreteScheduler",
    "dpm++2m": "DPMSolverMultistepScheduler",
}
CASES = [
    *({"sampler": name} for name in SAMPLERS),
    {"sampler": "ddim", "cfg": 1.0},
    {"sampler": "ddim", "negative": "a house", "seed": 2**32 + 5},
    {"sampler": "ddim", "prompt": "snow " * 90},
]
DEFAULTS = {"prompt": PROMPT, "negative": "", "cfg": 3.0, "seed": 7, "steps": 6}


def main(folder):
    pipe = diffusers.StableDiffusionPipeline.from_pretrained(folder, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    config = pipe.scheduler.config
    cases = []
    for change in CASES:
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
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(cases, indent=1) + "\n")
    print(OUT, OUT.stat().st_size, "bytes")


main(sys.argv[1])
