"""numpy's Cholesky factor; scipy's least squares and solvers of differential equations."""
import numpy as np
from scipy.integrate import odeint, solve_ivp
from scipy.optimize import least_squares
from serve import serve


def cholesky(given):
    matrix = np.array(given["matrix"])

    def run():
        for _ in range(given["times"]):
            factor = np.linalg.cholesky(matrix)
        return factor[-1]

    return run


def fit(given):
    x = np.array(given["x"])
    y = np.array(given["y"])

    def residuals(b):
        return b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) - y

    def run():
        return least_squares(residuals, given["start"], xtol=1e-12, ftol=1e-12, gtol=1e-12).x

    return run


def predator(t, x):
    hare, lynx = x
    return [0.55 * hare - 0.028 * hare * lynx, 0.024 * hare * lynx - 0.8 * lynx]


def stiff_or_not(given):
    times = np.array([0.0, *given["times"]])
    return lambda: odeint(predator, given["initial"], times, tfirst=True, rtol=1e-10, atol=1e-10, mxstep=100000)[1:].ravel()


def explicit(given):
    times = np.array(given["times"])
    span = (0.0, times[-1])
    return lambda: solve_ivp(predator, span, given["initial"], "DOP853", times, rtol=1e-10, atol=1e-10).y.T.ravel()


serve({"cholesky": cholesky, "fit": fit, "lsoda": stiff_or_not, "dop853": explicit})
