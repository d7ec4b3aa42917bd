"""A whole step of progressive distillation on a UNet2DModel of diffusers: the teacher's two steps, the student's update."""

from torch_attention import Guidance
from torch_update import update


class DistillationPeer:
    def __init__(self, config, batch, path, weight, guidance, dtype, compiled, threads):
        import torch
        from diffusers import UNet2DModel

        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self.torch = torch
        self.autocast = dtype == "bfloat16"
        self.student = UNet2DModel(**config)
        self.teacher = UNet2DModel(**config)
        self.teacher.load_state_dict(self.student.state_dict())
        self.teacher.requires_grad_(False).eval()
        self.average = [p.detach().clone() for p in self.student.parameters()]
        self.run_student, self.run_teacher = (
            (torch.compile(model) if compiled else model)
            for model in (self.student, self.teacher)
        )
        self.optimiser = torch.optim.AdamW(
            self.student.parameters(), lr=1e-5, weight_decay=0, fused=False
        )
        side = config["sample_size"]
        picture = (batch, config["in_channels"], side, side)
        self.pictures = torch.randn(picture)
        self.noise = torch.randn(picture)
        each = lambda values: torch.tensor(values).reshape(batch, 1, 1, 1)
        self.path = [
            {
                name: torch.tensor(values) if name == "timestep" else each(values)
                for name, values in step.items()
            }
            for step in path
        ]
        self.weight = each(weight)
        self.guidance = guidance and Guidance(torch, self.teacher, **guidance)

    def clean(self, network, x, step):
        """The picture that the velocity of `network` tells."""
        with self.torch.autocast("cpu", dtype=self.torch.bfloat16, enabled=self.autocast):
            velocity = network(x, step["timestep"]).sample
        return step["alpha"] * x - step["sigma"] * velocity.float()

    def taught(self, x, step):
        """The picture of the teacher, guided by its attention where that is asked for."""
        predict = lambda noisy: self.clean(self.run_teacher, noisy, step)
        if self.guidance is None:
            return predict(x)
        return self.guidance.guided(predict, x, step["alpha"])

    def target(self, x):
        with self.torch.no_grad():
            total = 0
            for step in self.path:
                picture = self.taught(x, step)
                x = step["keep"] * x + step["gain"] * picture
                total = total + step["mix"] * picture
            return total

    def train(self):
        self.student.train()
        first = self.path[0]
        x = first["alpha"] * self.pictures + first["sigma"] * self.noise
        target = self.target(x)
        error = (self.clean(self.run_student, x, first) - target) ** 2
        loss = (self.weight * error).mean()
        update(self.torch, self.student, self.optimiser, self.average, loss)

    def info(self):
        return {"parameters": sum(p.numel() for p in self.student.parameters())}
