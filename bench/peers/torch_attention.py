"""Guidance of a UNet2DModel of diffusers by its own attention, as followspot's `attentionGuided`."""


class Guidance:
    """Leads away from what the model makes of its own picture blurred where its last decoder site attends."""

    def __init__(self, torch, model, scale, threshold, blur):
        from diffusers.models.attention_processor import AttnProcessor

        self.torch = torch
        self.weight = scale - 1
        self.threshold = threshold
        side = int(len(blur) ** 0.5)
        self.blur = torch.tensor(blur).reshape(side, side)
        attending = [block for block in model.up_blocks if hasattr(block, "attentions")]
        self.site = attending[-1].attentions[-1]
        self.fused, self.plain = self.site.processor, AttnProcessor()
        self.maps = None
        scores = self.site.get_attention_scores

        def kept(*args):
            self.maps = scores(*args)
            return self.maps

        self.site.get_attention_scores = kept

    def attend(self, predict, x):
        """The prediction, and which of its places are attended to more than the threshold."""
        self.site.processor = self.plain
        try:
            picture = predict(x).clamp(-1, 1)
        finally:
            self.site.processor = self.fused
        n, cells = len(x), self.maps.shape[-1]
        received = self.maps.float().reshape(n, -1, cells, cells).mean(1).sum(1)
        grid = int(cells**0.5)
        mask = (received > self.threshold).float().reshape(n, 1, grid, grid)
        return picture, self.torch.nn.functional.interpolate(mask, size=x.shape[-2:])

    def guided(self, predict, x, alpha):
        picture, mask = self.attend(predict, x)
        change = mask * (self.blur @ picture @ self.blur.T - picture)
        worse = predict(x + alpha * change).clamp(-1, 1)
        return (picture + self.weight * (picture + change - worse)).clamp(-1, 1)
