import { runParticles } from "@plumbline/twin/estimation/particle/particle-run";
import { dice } from "@plumbline/twin/random/dice";
import { GROWTH_START, growthModel, growthSeries } from "../particle-filter.ts";
import type { Bench } from "../row.ts";
import { againstPeer } from "./against.ts";

const PARTICLES = 10_000;
const STEPS = 10;

/**
 * A bootstrap filter of 10⁴ particles over ten steps, against all particles at once in numpy. The product, whose model is a
 * function of one particle, is behind: numpy takes eight exponentials at a time. Promised is to stay within five times that.
 */
export const particlePeers: readonly Bench[] = [
  againstPeer({
    name: "numpy-particle-filter",
    modules: ["numpy"],
    script: "particles.py",
    task: "filter",
    prepare: () => {
      const series = growthSeries(STEPS, dice("bench growth"));
      return {
        input: { particles: PARTICLES, readings: [...series.readings.data] },
        run: () => {
          const options = { particles: PARTICLES, dice: dice("bench particles") };
          return [runParticles(growthModel(), GROWTH_START, series, options).logLikelihood];
        },
        scale: 1e6 / (PARTICLES * STEPS),
      };
    },
    unit: "ns/particle",
    target: 5,
    // Different dice: a log-likelihood near −25 with a Monte-Carlo sd of about 0.03.
    tolerance: 5e-3,
  }),
];
