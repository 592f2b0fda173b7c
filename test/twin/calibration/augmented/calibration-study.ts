import type { ParameterParticles } from "@plumbline/twin/calibration/augmented/parameter-particles";
import {
  type CalibrationReport,
  simulationBasedCalibration,
} from "@plumbline/twin/diagnostics/simulation-based-calibration";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import { standardNormalCdf } from "@plumbline/twin/probability/normal";
import { type Dice, dice } from "@plumbline/twin/random/dice";
import { simulate, timeOf } from "./thermal-twin.ts";

/** Simulation-based calibration of a joint filter of the thermal twin: resistance, capacity and the last temperature. */
export function study(
  name: string,
  make: (random: Dice) => Filter | ParameterParticles,
  simulations: number,
  length = 60,
): CalibrationReport {
  return simulationBasedCalibration(
    {
      quantities: [{ name: "resistance" }, { name: "capacity" }, { name: "temperature" }],
      simulate: (random) => {
        const { theta, temperature, readings } = simulate(random, length);
        return { truth: [...theta, temperature], data: readings };
      },
      fit: (readings, random, truth) => {
        const filter = make(random);
        for (const [index, reading] of readings.entries()) {
          filter.predict(timeOf(index));
          filter.update([reading]);
        }
        const mean = filter.mean();
        const covariance = filter.covariance();
        const normal = (index: number, value: number) =>
          standardNormalCdf((value - mean[index]!) / Math.sqrt(covariance.get(index, index)));
        const below = (index: number) =>
          "probabilityBelow" in filter
            ? filter.probabilityBelow(index, truth[index]!)
            : normal(1 + index, Math.log(truth[index]!));
        return { kind: "pit", values: [below(0), below(1), normal(0, truth[2]!)] };
      },
    },
    { dice: dice(name), simulations },
  );
}

/** Share of the central 90 % intervals that hold the truth, from ranks in 100 cells. */
export const coverage90 = (ranks: ArrayLike<number>): number =>
  Array.from(ranks).filter((rank) => rank >= 5 && rank < 95).length / ranks.length;
