import { runParticles } from "@plumbline/twin/estimation/particle/particle-run";
import type { ParticleSystem } from "@plumbline/twin/estimation/particle/particle-system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { type Dice, dice } from "@plumbline/twin/random/dice";
import { type Bench, benchRow, elapsed, inTurn } from "./row.ts";

const PARTICLES = 10_000;
const STEPS = 1_000;
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

const growth = (x: number, push: number): number => x / 2 + (25 * x) / (1 + x * x) + push;

/** The univariate growth model: y = x²/20 + N(0, 1), the sign of x being hidden (Gordon, Salmond & Smith 1993, §4). */
export function growthModel(): ParticleSystem {
  let pushedAt = Number.NaN;
  let push = 0;
  return {
    states: 1,
    outputs: 1,
    propagate(state, _from, to, dice, out) {
      if (to !== pushedAt) {
        pushedAt = to;
        push = 8 * Math.cos(1.2 * to);
      }
      out[0] = growth(state[0] as number, push) + Math.sqrt(10) * dice.normal();
    },
    logDensity(reading, state) {
      const miss = (reading[0] as number) - (state[0] as number) ** 2 / 20;
      return -0.5 * miss * miss - HALF_LOG_TWO_PI;
    },
  };
}

export const GROWTH_START = { at: 0, mean: Float64Array.of(0), covariance: Matrix.from([[5]]) };

/** Readings at 1, 2, 3, … of the model itself. */
export function growthSeries(steps: number, rolls: Dice): { times: Float64Array; readings: Matrix } {
  let x = Math.sqrt(5) * rolls.normal();
  const times = Float64Array.from({ length: steps }, (_, step) => step + 1);
  const readings = times.map((at) => {
    x = growth(x, 8 * Math.cos(1.2 * at)) + Math.sqrt(10) * rolls.normal();
    return (x * x) / 20 + rolls.normal();
  });
  return { times, readings: new Matrix(steps, 1, readings) };
}

/** Seconds for 10⁴ particles over 10³ steps, against a bare loop that draws as many normal numbers and takes as many exponentials. */
export const particleFilter: Bench = {
  name: "particle-filter",
  run: async () => {
    const series = growthSeries(STEPS, dice("bench growth"));
    const sink = { value: 0 };
    const filtered = (): number =>
      elapsed(() => {
        const options = { particles: PARTICLES, dice: dice("bench particles") };
        sink.value += runParticles(growthModel(), GROWTH_START, series, options).logLikelihood;
      }) / 1_000;
    const bare = (): number => {
      const rolls = dice("bench bare");
      return (
        elapsed(() => {
          let sum = 0;
          for (let draw = 0; draw < PARTICLES * STEPS; draw++) {
            const noise = rolls.normal();
            sum += Math.exp(-0.5 * noise * noise);
          }
          sink.value += sum;
        }) / 1_000
      );
    };
    const [value, baseline] = await inTurn(3, filtered, bare);
    return benchRow("particle-filter", "s", value, baseline, "lower", 4);
  },
};
