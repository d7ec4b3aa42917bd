"""A training step's end, the same for every peer: backward, clip, AdamW and the running average."""


def update(torch, model, optimiser, average, loss):
    loss.backward()
    parameters = list(model.parameters())
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimiser.step()
    optimiser.zero_grad()
    with torch.no_grad():
        torch._foreach_lerp_(average, parameters, 1e-3)
    loss.item()
