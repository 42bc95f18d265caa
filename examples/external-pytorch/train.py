#!/usr/bin/env python3
"""A small network over the features of Roost's transform, with PyTorch, for `roost train` (docs/trainers.md): with
checkpoints, and a warm start from the parent's weights."""
import numpy
import torch
from roost.trainer import Trainer, shrink_perturb


def make_network(inputs, hidden):
    return torch.nn.Sequential(torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 1),
                               torch.nn.Sigmoid())


def start_from_parent(trainer, network):
    """The parent's weights, by feature and as these are scaled now, shrunk and disturbed so that new rows still count."""
    old = numpy.load(trainer.parent.folder / "weights.npz")
    if old["2.weight"].shape != tuple(network[2].weight.shape):
        return  # another number of hidden units: nothing to go on from
    weights = {name: old[name] for name in old.files}
    first, bias = trainer.parent.first_layer(weights["0.weight"].T, weights["0.bias"])
    weights |= {"0.weight": first.T, "0.bias": bias}
    shrink, noise = trainer.options.get("shrink", 1), trainer.options.get("noise", 0)
    weights = shrink_perturb(weights, shrink, noise, trainer.seed)
    network.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})


def main():
    trainer = Trainer.open()
    torch.manual_seed(trainer.seed % 2**63)
    torch.set_num_threads(trainer.threads)
    inputs, targets, weights = (torch.tensor(array, dtype=torch.float32) for array in trainer.train_arrays())
    network = make_network(inputs.shape[1], trainer.options.get("hidden", 16))
    optimizer = torch.optim.Adam(network.parameters(), lr=trainer.options.get("learning_rate", 0.01))
    epochs, done = trainer.options.get("epochs", 20), 0
    if trainer.parent:
        start_from_parent(trainer, network)
    checkpoint = trainer.checkpoint / "state.pt"
    if checkpoint.exists():  # an earlier attempt was stopped
        state = torch.load(checkpoint)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        done = state["done"]
        trainer.message(f"goes on after epoch {done}")
    for epoch in range(done, epochs):
        # The order of an epoch's rows depends on seed and epoch alone: resumed or not, it is the same.
        order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed((trainer.seed + epoch) % 2**63))
        total = 0.0
        for rows in order.split(256):
            loss = torch.nn.functional.binary_cross_entropy(network(inputs[rows]).squeeze(1), targets[rows], weights[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        trainer.progress(epoch + 1, epochs, total / len(inputs))
        new = checkpoint.with_suffix(".new")
        torch.save({"network": network.state_dict(), "optimizer": optimizer.state_dict(), "done": epoch + 1}, new)
        new.replace(checkpoint)
        if trainer.should_stop and epoch + 1 < epochs:
            trainer.leave()
    trainer.metric("epochs", epochs - done)  # of this run, not of one that was stopped before
    numpy.savez(trainer.output / "weights.npz", **{name: value.numpy() for name, value in network.state_dict().items()})
    trainer.save_torch(network)


if __name__ == "__main__":
    main()
