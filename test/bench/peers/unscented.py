"""An unscented filter as filterpy has it: sigma points in a loop over Python functions, transforms in numpy."""
import math
import numpy as np
from serve import serve


def fx(x, dt):
    return np.array([x[0] + dt * x[1], x[1], x[2] + dt * x[3], x[3]])


def hx(x):
    return np.array([math.hypot(x[0], x[2]), math.atan2(x[2], x[0])])


class UnscentedKalmanFilter:
    """α = 1, β = 2, κ = 0."""

    def __init__(self, given):
        self.x = np.array(given["mean"], dtype=float)
        self.P = np.array(given["covariance"], dtype=float)
        self.Q = np.array(given["processNoise"], dtype=float)
        self.R = np.array(given["observationNoise"], dtype=float)
        self.n = len(self.x)
        self.Wm = np.full(2 * self.n + 1, 1 / (2 * self.n))
        self.Wc = self.Wm.copy()
        self.Wm[0] = 0
        self.Wc[0] = 2

    def points(self):
        U = np.linalg.cholesky(self.n * self.P).T
        return np.vstack([self.x, self.x + U, self.x - U])

    def transform(self, sigmas, noise):
        mean = self.Wm @ sigmas
        y = sigmas - mean
        return mean, y.T @ (self.Wc[:, None] * y) + noise, y

    def predict(self, dt):
        sigmas = np.array([fx(point, dt) for point in self.points()])
        self.x, self.P, _ = self.transform(sigmas, self.Q)

    def update(self, z):
        sigmas = self.points()
        zp, S, dz = self.transform(np.array([hx(point) for point in sigmas]), self.R)
        Pxz = (sigmas - self.x).T @ (self.Wc[:, None] * dz)
        K = Pxz @ np.linalg.inv(S)
        self.x = self.x + K @ (z - zp)
        self.P = self.P - K @ S @ K.T


def filtering(given):
    readings = np.array(given["readings"], dtype=float)

    def run():
        filter = UnscentedKalmanFilter(given)
        for z in readings:
            filter.predict(given["step"])
            filter.update(z)
        return np.concatenate([filter.x, filter.P.ravel()])

    return run


serve({"filter": filtering})
