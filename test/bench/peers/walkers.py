"""emcee: the affine-invariant ensemble sampler, and its autocorrelation time."""
import emcee
import numpy as np
from emcee.autocorr import integrated_time
from serve import serve


def sampling(given):
    sizes = given["sds"]
    precision = [0.5 / sd**2 for sd in sizes]
    count = len(sizes)

    def log_density(x):
        # Plain floats: what a black-box model would hand back, and no numpy call of its own.
        total = 0.0
        for value, half in zip(x.tolist(), precision):
            total -= half * value * value
        return total

    def run():
        rng = np.random.RandomState(1)
        start = rng.standard_normal((given["walkers"], count)) * sizes
        sampler = emcee.EnsembleSampler(given["walkers"], count, log_density)
        sampler.random_state = rng.get_state()
        sampler.run_mcmc(start, given["runs"] // given["walkers"])
        draws = sampler.get_chain(flat=True)
        return [*draws.std(0) / sizes]

    return run


def effective(given):
    # Steps × walkers × parameters.
    chains = np.array(given["chains"]).T[:, :, None]
    return lambda: [chains.size / integrated_time(chains)[0] / given["scale"]]


serve({"sample": sampling, "effective": effective})
