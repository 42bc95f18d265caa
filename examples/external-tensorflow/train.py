#!/usr/bin/env python3
"""A small network over the features of Roost's transform, with Keras on TensorFlow, for `roost train`
(docs/trainers.md): with checkpoints, and a warm start from the parent's weights."""
import math

import keras
import numpy
import tensorflow
from roost.trainer import Trainer, shrink_perturb

BATCH = 256


def make_network(inputs, options):
    network = keras.Sequential([keras.Input((inputs,)), keras.layers.Dense(options.get("hidden", 16), "relu"),
                                keras.layers.Dense(1, "sigmoid")])
    network.compile(keras.optimizers.Adam(options.get("learning_rate", 0.01)), "binary_crossentropy")
    return network


def start_from_parent(trainer, network):
    """The parent's weights, by feature and as these are scaled now, shrunk and disturbed so that new rows still count."""
    parent = keras.models.load_model(trainer.parent.folder / "network.keras", compile=False)
    first, bias, *others = parent.get_weights()
    weights = [*trainer.parent.first_layer(first, bias), *others]
    if [array.shape for array in weights] != [array.shape for array in network.get_weights()]:
        return  # another number of hidden units: nothing to go on from
    shrink, noise = trainer.options.get("shrink", 1), trainer.options.get("noise", 0)
    network.set_weights(shrink_perturb(weights, shrink, noise, trainer.seed))


def main():
    trainer = Trainer.open()
    tensorflow.config.threading.set_intra_op_parallelism_threads(trainer.threads)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    tensorflow.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(trainer.seed % 2**32)
    inputs, targets, weights = trainer.train_arrays()
    checkpoint = trainer.checkpoint / "network.keras"
    epochs, done = trainer.options.get("epochs", 20), 0
    if checkpoint.exists():  # an earlier attempt was stopped; the optimizer counts the steps that it made
        network = keras.models.load_model(checkpoint)
        done = int(network.optimizer.iterations) // math.ceil(len(inputs) / BATCH)
        trainer.message(f"goes on after epoch {done}")
    else:
        network = make_network(inputs.shape[1], trainer.options)
        if trainer.parent:
            start_from_parent(trainer, network)
    for epoch in range(done, epochs):
        # The order of an epoch's rows depends on seed and epoch alone: resumed or not, it is the same.
        order = numpy.random.default_rng([trainer.seed, epoch]).permutation(len(inputs))
        history = network.fit(inputs[order], targets[order], BATCH, sample_weight=weights[order], shuffle=False, verbose=0)
        trainer.progress(epoch + 1, epochs, history.history["loss"][0])
        new = checkpoint.with_name("new.keras")
        network.save(new)
        new.replace(checkpoint)
        if trainer.should_stop and epoch + 1 < epochs:
            trainer.leave()
    trainer.metric("epochs", epochs - done)  # of this run, not of one that was stopped before
    network.save(trainer.output / "network.keras", include_optimizer=False)
    trainer.save_keras(network)


if __name__ == "__main__":
    main()
