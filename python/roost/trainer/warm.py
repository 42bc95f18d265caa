"""Starting from what the parent knows."""
import math
import random


def name_map(old, new):
    """For each name of `new` its position in `old`, or -1: columns, classes, words of a vocabulary."""
    positions = {name: position for position, name in enumerate(old)}
    return [positions.get(name, -1) for name in new]


def shrink_perturb(weights, shrink, noise, seed):
    """shrink * weights + noise * N(0, 1): a network that goes on from old weights and sees new data ends worse than one
    that begins anew, unless its weights are shrunk and disturbed first (Ash & Adams, NeurIPS 2020).

    `weights` is a number, a NumPy array, or a list, tuple or dict of these; the result has the same shape and types.
    The same seed gives the same result.
    """
    if not 0 <= shrink <= 1:
        raise ValueError(f"shrink must be from 0 to 1, not {shrink}")
    if not (noise >= 0 and math.isfinite(noise)):
        raise ValueError(f"noise must be at least 0, not {noise}")
    return _disturbed(weights, shrink, noise, random.Random(seed))


def _disturbed(weights, shrink, noise, generator):
    if isinstance(weights, dict):
        return {key: _disturbed(value, shrink, noise, generator) for key, value in weights.items()}
    if isinstance(weights, (list, tuple)):
        return type(weights)(_disturbed(value, shrink, noise, generator) for value in weights)
    if hasattr(weights, "dtype") and hasattr(weights, "shape"):
        import numpy

        if not numpy.issubdtype(weights.dtype, numpy.floating):
            return weights  # counters and the like
        normal = numpy.random.default_rng(generator.getrandbits(64)).standard_normal(weights.shape)
        return (shrink * weights + noise * normal).astype(weights.dtype)
    return shrink * weights + noise * generator.gauss(0, 1)
