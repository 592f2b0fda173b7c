"""statsmodels: compiled state space models, exact diffuse start."""
import warnings
import numpy as np
from statsmodels.tsa.statespace.structural import UnobservedComponents
from serve import serve

warnings.filterwarnings("ignore")


def model_of(given):
    return UnobservedComponents(np.array(given["readings"]), given["model"], use_exact_diffuse=True)


def likelihood(given):
    model = model_of(given)
    model.update(given["variances"])
    # What is compiled, alone: no parameters taken apart, no results put together.
    return lambda: [model.ssm.loglike()]


def fit(given):
    model = model_of(given)

    def run():
        result = model.fit(disp=0)
        return [*result.params / 1e4, result.llf]

    return run


def smoothing(given):
    model = model_of(given)
    model.update(given["variances"])
    middle = len(given["readings"]) // 2

    def run():
        smoothed = model.ssm.smooth()
        states, covariances = smoothed.smoothed_state, smoothed.smoothed_state_cov
        return [*states[:, 0], *states[:, middle], *covariances[:, :, 0].ravel(), *covariances[:, :, middle].ravel()]

    return run


serve({"likelihood": likelihood, "fit": fit, "smooth": smoothing})
