import { DualFilter } from "@plumbline/twin/calibration/augmented/dual-filter";
import { JointFilter } from "@plumbline/twin/calibration/augmented/joint-filter";
import { ParameterParticles } from "@plumbline/twin/calibration/augmented/parameter-particles";
import type { TrackedParameter } from "@plumbline/twin/calibration/augmented/tracked-parameter";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { submatrix } from "@plumbline/twin/linear-algebra/blocks";
import { dice } from "@plumbline/twin/random/dice";
import { describeFilter, type MakeFilter } from "../../estimation/filter-contract.ts";

/** The machine does not depend on it: the state must be the Kalman filter's, whatever is believed of it. */
const idle: readonly TrackedParameter[] = [{ id: "idle", mean: 2, sd: 0.5 }];

/** A filter of (x, z) as one of x: the rest of the contract is the filter's own. */
function ofState(filter: Filter, states: number): Filter {
  return {
    get at() {
      return filter.at;
    },
    mean: () => filter.mean().slice(0, states),
    covariance: () => submatrix(filter.covariance(), [...Array(states).keys()]),
    predict: (to) => filter.predict(to),
    update: (reading) => filter.update(reading),
  };
}

const MAKERS: readonly (readonly [name: string, make: MakeFilter])[] = [
  [
    "the joint filter",
    (system, start) =>
      new JointFilter({ at: () => system }, start, idle, (...of) => new UnscentedKalmanFilter(...of)),
  ],
  [
    "the dual filter",
    (system, start) =>
      new DualFilter({ at: () => system }, start, idle, (...of) => new UnscentedKalmanFilter(...of)),
  ],
  [
    "the parameter particles",
    (system, start) =>
      new ParameterParticles({ at: () => system }, start, idle, (...of) => new ExtendedKalmanFilter(...of), {
        particles: 40,
        dice: dice("contract"),
      }),
  ],
];

/** R is the machine's own, asked for at every θ. */
const owned = (system: StochasticSystem): StochasticSystem => ({
  ...system,
  observationNoise: system.observationNoise.copy(),
});

for (const [name, make] of MAKERS)
  describeFilter(name, (system, start) => ofState(make(owned(system), start), start.mean.length));
