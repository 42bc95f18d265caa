#!/usr/bin/env python3
"""A small Keras network over the features of Roost's transform, for `roost train` (docs/trainers.md)."""
import keras
from roost.trainer import Trainer, shrink_perturb


class Tell(keras.callbacks.Callback):
    """Tells Roost of each epoch, and ends the training where Roost asks for it."""

    def __init__(self, trainer, epochs):
        super().__init__()
        self.trainer, self.epochs = trainer, epochs

    def on_epoch_end(self, epoch, logs=None):
        self.trainer.progress(epoch + 1, self.epochs, (logs or {}).get("loss"))
        if self.trainer.should_stop:
            self.model.stop_training = True


def main():
    trainer = Trainer.open()
    keras.utils.set_random_seed(trainer.seed % 2**32)
    inputs, targets, weights = trainer.train_arrays()
    network = keras.Sequential([keras.Input((inputs.shape[1],)),
                                keras.layers.Dense(trainer.options.get("hidden", 16), activation="relu"),
                                keras.layers.Dense(1, activation="sigmoid")])
    if trainer.parent and trainer.parent.features == [{"old": i, "scale": 1.0, "shift": 0.0}
                                                      for i in range(inputs.shape[1])]:
        old = keras.models.load_model(trainer.parent.folder / "network.keras").get_weights()
        network.set_weights(shrink_perturb(old, trainer.warm["shrink"], trainer.warm["noise"], trainer.seed))
    network.compile(keras.optimizers.Adam(trainer.options.get("learning_rate", 0.01)), "binary_crossentropy")
    epochs = trainer.options.get("epochs", 20)
    # BackupAndRestore goes on from the last epoch of an attempt that was stopped.
    backup = keras.callbacks.BackupAndRestore(str(trainer.checkpoint), delete_checkpoint=False)
    network.fit(inputs, targets, sample_weight=weights, batch_size=256, epochs=epochs, verbose=0,
                callbacks=[backup, Tell(trainer, epochs)])
    if trainer.should_stop:
        trainer.leave()
    network.save(trainer.output / "network.keras")  # for the child
    trainer.save_keras(network)


if __name__ == "__main__":
    main()
