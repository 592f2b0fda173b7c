"""A bootstrap particle filter of the univariate growth model, all particles at once in numpy."""
import numpy as np
from serve import serve


def filtering(given):
    readings = np.array(given["readings"])
    count = given["particles"]

    def run():
        rng = np.random.default_rng(1)
        x = np.sqrt(5) * rng.standard_normal(count)
        weights = np.full(count, 1 / count)
        likelihood = 0.0
        for step, y in enumerate(readings):
            if 1 / (weights @ weights) < count / 2:
                points = (np.arange(count) + rng.random()) / count
                x = x[np.minimum(np.searchsorted(np.cumsum(weights), points), count - 1)]
                weights = np.full(count, 1 / count)
            x = x / 2 + 25 * x / (1 + x * x) + 8 * np.cos(1.2 * (step + 1)) + np.sqrt(10) * rng.standard_normal(count)
            logs = np.log(weights) - 0.5 * (y - x * x / 20) ** 2 - 0.5 * np.log(2 * np.pi)
            top = logs.max()
            weights = np.exp(logs - top)
            total = weights.sum()
            weights /= total
            likelihood += top + np.log(total)
        return [likelihood]

    return run


serve({"filter": filtering})
