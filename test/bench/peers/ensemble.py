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
    """The symmetric square root by singular values, as DAPPER takes it; R = I, every state read."""
    count = len(members)
    mean = members.mean(0)
    anomalies = members - mean
    vectors, values, _ = np.linalg.svd(anomalies)
    spread = values**2 + count - 1
    weights = (reading - mean) @ anomalies.T @ (vectors / spread) @ vectors.T
    root = (vectors * np.sqrt((count - 1) / spread)) @ vectors.T
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


def one_by_one(given):
    """filterpy's ensemble filter: a Python function called for each member, moments by outer products."""
    count = given["members"]
    readings = np.array(given["readings"])
    R = np.array([[given["noise"]]])

    def fx(x, dt):
        return np.array([x[0] + dt * x[1], x[1]])

    def run():
        rng = np.random.default_rng(1)
        sigmas = rng.multivariate_normal(given["mean"], given["covariance"], count)
        means = []
        for z in readings:
            noise = rng.multivariate_normal([0, 0], given["processNoise"], count)
            for i, x in enumerate(sigmas):
                sigmas[i] = fx(x, given["step"])
            sigmas += noise
            x = np.mean(sigmas, axis=0)
            images = np.array([sigma[:1] for sigma in sigmas])
            z_mean = np.mean(images, axis=0)
            P_zz = 0
            for sigma in images:
                s = sigma - z_mean
                P_zz = P_zz + np.outer(s, s)
            P_zz = P_zz / (count - 1) + R
            P_xz = 0
            for i in range(count):
                P_xz = P_xz + np.outer(sigmas[i] - x, images[i] - z_mean)
            K = np.dot(P_xz / (count - 1), np.linalg.inv(P_zz))
            e_r = rng.multivariate_normal([0], R, count)
            for i in range(count):
                sigmas[i] += np.dot(K, z + e_r[i] - images[i])
            means.append(np.mean(sigmas, axis=0))
        return [np.mean(means)]

    return run


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


serve(
    {
        "transform": cycling(transform, lambda means, _: means[-1]),
        "perturbed": cycling(perturbed, error),
        "one by one": one_by_one,
    }
)
