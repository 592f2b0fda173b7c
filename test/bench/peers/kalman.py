"""Kalman filters as filterpy has them: an object that keeps prior, posterior, innovation and gain of each step as attributes."""
from copy import deepcopy
import numpy as np
from serve import serve


class KalmanFilter:
    def __init__(self, given):
        self.x = np.array(given["mean"], dtype=float).reshape(-1, 1)
        self.P = np.array(given["covariance"], dtype=float)
        self.F = np.array(given["transition"], dtype=float)
        self.Q = np.array(given["processNoise"], dtype=float)
        self.H = np.array(given["observation"], dtype=float)
        self.R = np.array(given["observationNoise"], dtype=float)
        self.I = np.eye(len(self.x))

    def predict(self):
        self.x = np.dot(self.F, self.x)
        self.P = np.dot(np.dot(self.F, self.P), self.F.T) + self.Q
        self.x_prior = self.x.copy()
        self.P_prior = self.P.copy()

    def update(self, z):
        self.y = z - np.dot(self.H, self.x)
        PHT = np.dot(self.P, self.H.T)
        self.S = np.dot(self.H, PHT) + self.R
        self.SI = np.linalg.inv(self.S)
        self.K = np.dot(PHT, self.SI)
        self.x = self.x + np.dot(self.K, self.y)
        I_KH = self.I - np.dot(self.K, self.H)
        self.P = np.dot(np.dot(I_KH, self.P), I_KH.T) + np.dot(np.dot(self.K, self.R), self.K.T)
        self.z = deepcopy(z)
        self.x_post = self.x.copy()
        self.P_post = self.P.copy()


def columns(readings):
    return [np.array(reading, dtype=float).reshape(-1, 1) for reading in readings]


def filtering(given):
    readings = columns(given["readings"])

    def run():
        filter = KalmanFilter(given)
        for z in readings:
            filter.predict()
            filter.update(z)
        return np.concatenate([filter.x.ravel(), filter.P.ravel()])

    return run


def smoothing(given):
    readings = columns(given["readings"])
    count = len(readings)

    def run():
        filter = KalmanFilter(given)
        n = len(filter.x)
        x = np.zeros((count, n, 1))
        P = np.zeros((count, n, n))
        for k, z in enumerate(readings):
            filter.predict()
            filter.update(z)
            x[k] = filter.x
            P[k] = filter.P
        F = filter.F
        for k in range(count - 2, -1, -1):
            Pp = F @ P[k] @ F.T + filter.Q
            K = P[k] @ F.T @ np.linalg.inv(Pp)
            x[k] += K @ (x[k + 1] - F @ x[k])
            P[k] += K @ (P[k + 1] - Pp) @ K.T
        return np.concatenate([x[0].ravel(), P[0].ravel(), x[count // 2].ravel(), P[count // 2].ravel()])

    return run


serve({"filter": filtering, "smooth": smoothing})
