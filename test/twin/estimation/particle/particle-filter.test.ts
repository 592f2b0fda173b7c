import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { gaussianParticles } from "@plumbline/twin/estimation/particle/gaussian-particles";
import { ParticleFilter, type ParticleOptions } from "@plumbline/twin/estimation/particle/particle-filter";
import { runParticles } from "@plumbline/twin/estimation/particle/particle-run";
import type { ParticleSystem } from "@plumbline/twin/estimation/particle/particle-system";
import {
  multinomial,
  residual,
  stratified,
  systematic,
} from "@plumbline/twin/estimation/particle/resampling";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";
import { FIRST_READINGS, growthModel, growthStart } from "./growth-model.ts";

/** Two tanks that drain into each other, three sensors of which two share their noise. */
const tanks: StochasticSystem = {
  states: 2,
  outputs: 3,
  advance: (state, from, to, out) => {
    const flow =
      0.3 * (to - from) * Math.sign(state[0]! - state[1]!) * Math.sqrt(Math.abs(state[0]! - state[1]!));
    out[0] = state[0]! - flow;
    out[1] = state[1]! + flow;
  },
  observe: (state, _at, out) => {
    out[0] = state[0]!;
    out[1] = state[1]!;
    out[2] = state[0]! + state[1]!;
  },
  processNoise: (from, to) => Matrix.diagonal([0.01 * (to - from), 0.01 * (to - from)]),
  observationNoise: Matrix.from([
    [0.04, 0.02, 0],
    [0.02, 0.04, 0],
    [0, 0, 0.09],
  ]),
};
const tanksStart = { at: 0, mean: Float64Array.of(3, 1), covariance: Matrix.diagonal([0.5, 0.5]) };
const readings = Matrix.from([
  [2.6, 1.2, 3.9],
  [2.4, Number.NaN, 4.2],
  [Number.NaN, Number.NaN, 4.0],
  [2.2, 1.8, Number.NaN],
]);
const times = [1, 2, 2.5, 4];
const options = (more: Partial<ParticleOptions> = {}): ParticleOptions => ({
  particles: 500,
  dice: dice("seed"),
  ...more,
});

describe("rule: a particle filter uses every output, and repeats itself from its dice", () => {
  const run = (seed: string, scheme: ParticleOptions["scheme"] & string) =>
    runParticles(
      gaussianParticles(tanks),
      tanksStart,
      { times, readings },
      options({ dice: dice(seed), scheme }),
    );

  test.each(["bootstrap", "auxiliary"] as const)(
    "%s: the same seed gives the same bits, another seed others",
    (scheme) => {
      expect(run("a", scheme)).toEqual(run("a", scheme));
      expect(run("a", scheme).logLikelihood).not.toBe(run("b", scheme).logLikelihood);
    },
  );

  test("every output is used: leaving one out changes the belief", () => {
    const full = run("a", "bootstrap");
    for (let output = 0; output < 3; output++) {
      const partial = readings.copy();
      for (let row = 0; row < 4; row++) partial.set(row, output, Number.NaN);
      const without = runParticles(
        gaussianParticles(tanks),
        tanksStart,
        { times, readings: partial },
        options({ dice: dice("a") }),
      );
      expect(without.means.get(3, 0)).not.toBe(full.means.get(3, 0));
    }
  });

  test("a block of particles draws from its own stream, whoever else is there", () => {
    const still: ParticleSystem = {
      ...growthModel,
      propagate: (_state, _from, _to, random, out) => {
        out[0] = random.normal();
      },
    };
    const first = (particles: number): number[] => {
      const filter = new ParticleFilter(still, growthStart, options({ particles }));
      filter.predict(1);
      return Array.from(filter.cloud().states[0]!.subarray(0, 1024));
    };
    expect(first(1024)).toEqual(first(5000));
  });

  test("an empty reading, or a look at the belief, does not shift what is drawn next", () => {
    const belief = (interrupted: boolean): Float64Array => {
      const filter = new ParticleFilter(gaussianParticles(tanks), tanksStart, options());
      filter.predict(1);
      if (interrupted) {
        filter.update([Number.NaN, Number.NaN, Number.NaN]);
        filter.quantile(0, 0.5);
      }
      filter.update([2.6, 1.2, 3.9]);
      filter.predict(2);
      return filter.cloud().states[1]!.slice();
    };
    expect(belief(true)).toEqual(belief(false));
  });
});

describe("a Gaussian system as particles", () => {
  const system = gaussianParticles({
    ...tanks,
    processNoise: (from, to) =>
      Matrix.from([
        [0.5 * (to - from), 0.2 * (to - from)],
        [0.2 * (to - from), 0.3 * (to - from)],
      ]),
  });
  const state = Float64Array.of(3, 1);
  /** ln N(e; 0, [[a, b], [b, c]]). */
  const pair = (e: number, f: number, a: number, b: number, c: number): number =>
    -Math.log(2 * Math.PI) -
    0.5 * Math.log(a * c - b * b) -
    (0.5 * (c * e * e - 2 * b * e * f + a * f * f)) / (a * c - b * b);
  const single = (e: number, variance: number): number =>
    -0.5 * (Math.log(2 * Math.PI * variance) + (e * e) / variance);

  test("has the density of the components that are present, their correlation included", () => {
    expect(system.logDensity(Float64Array.of(3.1, 1.3, 4.2), state, 0)).toBeCloseTo(
      pair(0.1, 0.3, 0.04, 0.02, 0.04) + single(0.2, 0.09),
      12,
    );
    expect(system.logDensity(Float64Array.of(Number.NaN, 1.3, 4.2), state, 0)).toBeCloseTo(
      single(0.3, 0.04) + single(0.2, 0.09),
      12,
    );
    expect(system.logDensity(Float64Array.of(3.1, 1.3, Number.NaN), state, 0)).toBeCloseTo(
      pair(0.1, 0.3, 0.04, 0.02, 0.04),
      12,
    );
  });

  test("has the transition's density over each interval", () => {
    for (const to of [1, 3]) {
      const flow = 0.3 * to * Math.SQRT2;
      const next = Float64Array.of(3 - flow + 0.4, 1 + flow - 0.1);
      expect(system.logTransition?.(next, state, 0, to)).toBeCloseTo(
        pair(0.4, -0.1, 0.5 * to, 0.2 * to, 0.3 * to),
        12,
      );
    }
  });
});

describe("the belief", () => {
  test("has weighted moments and quantiles, and resampling waits for the next move", () => {
    const filter = new ParticleFilter(growthModel, growthStart, options({ particles: 4000 }));
    filter.predict(1);
    filter.update([FIRST_READINGS[0]!]);
    expect(filter.effectiveSize).toBeLessThan(2000);
    const cloud = filter.cloud();
    expect(new Set(cloud.states[0]!).size).toBe(4000);
    const below = (value: number): number =>
      cloud.states[0]!.reduce((sum, x, index) => sum + (x <= value ? cloud.weights[index]! : 0), 0);
    for (const probability of [0.05, 0.5, 0.95]) {
      const value = filter.quantile(0, probability);
      expect(below(value)).toBeGreaterThanOrEqual(probability - 1e-12);
      expect(below(value) - probability).toBeLessThan(Math.max(...cloud.weights) + 1e-12);
    }
    const mean = cloud.states[0]!.reduce((sum, x, index) => sum + x * cloud.weights[index]!, 0);
    expect(filter.mean()[0]).toBeCloseTo(mean, 10);
    const second = cloud.states[0]!.reduce(
      (sum, x, index) => sum + (x - mean) ** 2 * cloud.weights[index]!,
      0,
    );
    expect(filter.covariance().get(0, 0)).toBeCloseTo(second, 10);
    filter.predict(2);
    expect(filter.effectiveSize).toBeCloseTo(4000, 6);
  });

  test("may start from any law that can be drawn from", () => {
    const start = {
      at: 5,
      sample: (random: { uniform(): number }, out: Float64Array) => out.fill(random.uniform()),
    };
    const filter = new ParticleFilter(growthModel, start, options({ particles: 4000 }));
    expect(filter.at).toBe(5);
    // sd of the mean of 4,000 uniform numbers: 0.0046.
    expect(Math.abs(filter.mean()[0]! - 0.5)).toBeLessThan(5 * 0.0046);
    expect(
      refusal(
        () => new ParticleFilter(growthModel, { at: 0, sample: (_, out) => out.fill(Number.NaN) }, options()),
      ).code,
    ).toBe("NOT_FINITE");
  });
});

test.each([
  ["systematic", systematic],
  ["stratified", stratified],
  ["multinomial", multinomial],
  ["residual", residual],
] as const)("resampling goes by name or by function: %s", (name, scheme) => {
  const run = (resampling: NonNullable<ParticleOptions["resampling"]>) =>
    runParticles(
      gaussianParticles(tanks),
      tanksStart,
      { times, readings },
      options({ resampling, threshold: 1 }),
    );
  expect(run(name)).toEqual(run(scheme));
});
