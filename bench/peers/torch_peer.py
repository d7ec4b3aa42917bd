"""One PyTorch process that builds a U-Net of diffusers and runs it when told: a JSON object a line, in and out."""

import json
import os
import resource
import sys
import time

from torch_distillation import DistillationPeer
from torch_update import update


def describe(names):
    return "expected one of " + ", ".join(names)


class Peer:
    def __init__(self, config, batch, tokens, dtype, compiled, threads):
        import torch
        from diffusers import UNet2DConditionModel

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch
        self.batch = batch
        self.autocast = dtype == "bfloat16"
        self.model = UNet2DConditionModel(**config)
        self.average = [p.detach().clone() for p in self.model.parameters()]
        self.run_model = torch.compile(self.model) if compiled else self.model
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), lr=1e-5, weight_decay=0.01, fused=False
        )
        side = config["sample_size"]
        picture = (batch, self.model.config.in_channels, side, side)
        self.latents = torch.randn(picture)
        self.noise = torch.randn(picture)
        self.timestep = torch.rand(batch) * 999
        self.context = torch.randn(batch, tokens, config["cross_attention_dim"])

    def predict(self, x):
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16, enabled=self.autocast):
            return self.run_model(x, self.timestep, self.context).sample

    def forward(self):
        self.model.eval()
        with self.torch.inference_mode():
            self.predict(self.latents)

    def train(self):
        torch = self.torch
        self.model.train()
        alpha = sigma = 0.5**0.5
        velocity = alpha * self.noise - sigma * self.latents
        prediction = self.predict(alpha * self.latents + sigma * self.noise)
        loss = torch.nn.functional.mse_loss(prediction.float(), velocity)
        update(torch, self.model, self.optimiser, self.average, loss)

    def info(self):
        return {"parameters": sum(p.numel() for p in self.model.parameters())}


KINDS = {"unet": Peer, "distillation": DistillationPeer}


def timed(action):
    start = time.perf_counter()
    action()
    return {"ms": (time.perf_counter() - start) * 1000}


def answer(peer, request):
    """The answer to a request, and the peer that the next one goes to."""
    op = request.pop("op")
    if op == "open":
        peer = KINDS[request.pop("kind")](**request)
        return peer, peer.info()
    if op == "forward":
        return peer, timed(peer.forward)
    if op == "train":
        return peer, timed(peer.train)
    if op == "memory":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peer, {"peak": peak * (1 if sys.platform == "darwin" else 1024)}
    raise ValueError(f"op: {describe(['open', 'forward', 'train', 'memory'])}, got {op}")


def main():
    # What libraries print must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = None
    for line in sys.stdin:
        try:
            peer, result = answer(peer, json.loads(line))
        except Exception as error:  # The other side tells it and goes on without this peer.
            result = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        answers.write(json.dumps(result) + "\n")
        answers.flush()


main()
