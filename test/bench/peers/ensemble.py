"""Ensemble Kalman filters of Lorenz's 1996 model, all members at once in numpy."""
import numpy as np
from serve import serve


def slope(x):
    return (np.roll(x, -1, 1) - np.roll(x, 2, 1)) * np.roll(x, 1, 1) - x + 8


def advance(x, dt):
    k1 = slope(x)
    k2 = slope(x + dt / 2 * k1)
    k3 = slope(x + dt / 2 * k2)
    k4 = slope(x + dt * k3)
    return x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def transform(members, reading, inflation, _):
    """The symmetric square root, R = I, every state read."""
    count = len(members)
    mean = members.mean(0)
    anomalies = members - mean
    values, vectors = np.linalg.eigh(anomalies @ anomalies.T)
    scaled = vectors / (values + count - 1)
    weights = (reading - mean) @ anomalies.T @ scaled @ vectors.T
    root = (vectors * np.sqrt((count - 1) / (values + count - 1))) @ vectors.T
    return mean + weights @ anomalies + inflation * (root @ anomalies)


def perturbed(members, reading, inflation, rng):
    """Perturbed observations, R = I, every state read."""
    count, states = members.shape
    mean = members.mean(0)
    anomalies = members - mean
    noise = rng.standard_normal((count, states))
    noise -= noise.mean(0)
    noise *= np.sqrt(count / (count - 1))
    P = anomalies.T @ anomalies / (count - 1)
    moved = members + np.linalg.solve(P + np.eye(states), (reading + noise - members).T).T @ P
    centre = moved.mean(0)
    return centre + inflation * (moved - centre)


def cycling(analyse, summarise):
    def prepare(given):
        start = np.array(given["members"])
        readings = np.array(given["readings"])
        truth = np.array(given["truth"])

        def run():
            rng = np.random.default_rng(1)
            members = start
            means = []
            for reading in readings:
                members = analyse(advance(members, given["step"]), reading, given["inflation"], rng)
                means.append(members.mean(0))
            return summarise(np.array(means), truth)

        return run

    return prepare


def error(means, truth):
    later = len(means) // 4
    return [np.sqrt(((means - truth)[later:] ** 2).mean(1)).mean()]


serve({"transform": cycling(transform, lambda means, _: means[-1]), "perturbed": cycling(perturbed, error)})
