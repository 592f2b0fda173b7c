import { DualFilter } from "@plumbline/twin/calibration/augmented/dual-filter";
import { type FilterMaker, JointFilter } from "@plumbline/twin/calibration/augmented/joint-filter";
import { KernelShrinkage } from "@plumbline/twin/calibration/augmented/kernel-shrinkage";
import { ParameterParticles } from "@plumbline/twin/calibration/augmented/parameter-particles";
import type { ParametricSystem } from "@plumbline/twin/calibration/augmented/parametric-system";
import type {
  ParameterBelief,
  TrackedParameter,
} from "@plumbline/twin/calibration/augmented/tracked-parameter";
import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import { ExtendedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/extended-kalman";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import { UnscentedKalmanFilter } from "@plumbline/twin/estimation/nonlinear/unscented-kalman";
import { ParticleCloud } from "@plumbline/twin/estimation/particle/cloud";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { between, log } from "@plumbline/twin/optimisation/transforms";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";
import { parameters, simulate, start, thermal, timeOf } from "./thermal-twin.ts";

const unscented: FilterMaker = (...of) => new UnscentedKalmanFilter(...of);
const extended: FilterMaker = (...of) => new ExtendedKalmanFilter(...of);
type Tracking = Filter & { parameters(): ParameterBelief[] };
type Maker = (system: ParametricSystem, start: Start, parameters: readonly TrackedParameter[]) => Tracking;

const MAKERS: readonly (readonly [string, Maker])[] = [
  ["joint", (...of) => new JointFilter(...of, unscented)],
  ["dual", (...of) => new DualFilter(...of, unscented)],
  ["particles", (...of) => new ParameterParticles(...of, extended, { particles: 60, dice: dice("fixed") })],
];
const READINGS = simulate(dice("one run"), 40).readings;

function follow(filter: Filter, readings: readonly number[] = READINGS): Float64Array {
  for (const [index, reading] of readings.entries()) {
    filter.predict(timeOf(index));
    filter.update([reading]);
  }
  return filter.mean();
}

describe.each(MAKERS)("%s filtering keeps the contract of all filters", (_, make) => {
  test("a parameter that has no influence leaves the state's filter as it is, and learns nothing", () => {
    const fixed = { at: () => thermal.at(Float64Array.of(0.008, 1.2e6)) };
    const filter = make(fixed, start, [{ id: "idle", mean: 2, sd: 0.5 }]);
    const alone = new ExtendedKalmanFilter(fixed.at(), start);
    const [state, parameter] = follow(filter);
    expect(state).toBeCloseTo(follow(alone)[0]!, 9);
    expect(filter.covariance().get(0, 0)).toBeCloseTo(alone.covariance().get(0, 0), 9);
    expect(parameter).toBeCloseTo(2, 2);
    expect(Math.sqrt(filter.covariance().get(1, 1))).toBeCloseTo(0.5, 1);
  });

  test("a reading without any value changes nothing; time does not run backwards", () => {
    const filter = make(thermal, start, parameters);
    filter.predict(600);
    const before = [filter.mean(), filter.covariance()];
    const assimilation = filter.update([Number.NaN]);
    expect(assimilation).toMatchObject({ logLikelihood: 0, size: 0 });
    expect([filter.mean(), filter.covariance()]).toEqual(before);
    expect(refusal(() => filter.predict(0)).code).toBe("OUT_OF_ORDER");
    expect(refusal(() => filter.update([Number.POSITIVE_INFINITY])).code).toBe("BAD_READING");
    expect(refusal(() => filter.update([1, 2])).code).toBe("BAD_SHAPE");
  });

  test("an angle among the outputs is read the short way round", () => {
    // A shaft that is at the cut, ±π, when it is read after 6, 18 and 30 s; read on the line or modulo a turn.
    const shaft = (read: (angle: number) => number, periods?: readonly number[]): ParametricSystem => ({
      at: ([speed = 0]) => ({
        states: 1,
        outputs: 1,
        advance: ([angle = 0], from, to, out) => out.set([angle + speed * (to - from)]),
        observe: ([angle = 0], _at, out) => out.set([read(angle)]),
        processNoise: (from, to) => Matrix.diagonal([0.01 * (to - from)]),
        observationNoise: Matrix.diagonal([0.01]),
        ...(periods && { periods }),
      }),
    });
    const cut = (angle: number): number => Math.atan2(Math.sin(angle), Math.cos(angle));
    const through = (system: ParametricSystem, read: (angle: number) => number): Float64Array => {
      const filter = make(system, { at: 0, mean: Float64Array.of(0), covariance: Matrix.identity(1) }, [
        { id: "speed", mean: 0.4, sd: 0.1 },
      ]);
      for (let second = 1; second <= 30; second++) {
        filter.predict(second);
        filter.update([read((Math.PI / 6) * second + 0.1 * Math.sin(7 * second))]);
      }
      return filter.mean();
    };
    const line = through(
      shaft((angle) => angle),
      (angle) => angle,
    );
    const circle = through(shaft(cut, [2 * Math.PI]), cut);
    expect([...circle]).toEqual([...line].map((value) => expect.closeTo(value, 6)));
    expect(line[1]).toBeCloseTo(Math.PI / 6, 1);
  });

  test("gives the same bits again", () => {
    expect(follow(make(thermal, start, parameters))).toEqual(follow(make(thermal, start, parameters)));
  });

  test("a covariance that is symmetric, with the parameters behind the states", () => {
    const filter = make(thermal, start, parameters);
    follow(filter);
    const covariance = filter.covariance();
    expect(covariance.rows).toBe(3);
    for (let row = 0; row < 3; row++) {
      expect(covariance.get(row, row)).toBeGreaterThan(0);
      for (let column = 0; column < row; column++)
        expect(covariance.get(row, column)).toBeCloseTo(covariance.get(column, row), 14);
    }
    expect(filter.parameters().map(({ id, unit }) => [id, unit])).toEqual([
      ["resistance", "K/W"],
      ["capacity", "J/K"],
    ]);
  });

  test("beliefs stay inside the bounds of their transforms, and contract", () => {
    const bounded = [
      { id: "resistance", transform: between(0.005, 0.012), mean: 0, sd: 0.7 },
      { id: "capacity", transform: log, mean: Math.log(1.2e6), sd: 0.15 },
    ];
    const filter = make(thermal, start, bounded);
    follow(filter);
    const [resistance] = filter.parameters();
    const [low, high] = [resistance!.quantile(1e-6), resistance!.quantile(1 - 1e-6)];
    expect(low).toBeGreaterThan(0.005);
    expect(high).toBeLessThan(0.012);
    expect(low).toBeLessThan(resistance!.median);
    expect(filter.covariance().get(1, 1)).toBeLessThan(0.5 * 0.7 ** 2);
  });

  test("refuses parameters that make no sense", () => {
    const of = (...given: TrackedParameter[]) => refusal(() => make(thermal, start, given));
    expect(of().code).toBe("BAD_PARAMETER");
    expect(of({ id: "a", mean: 0, sd: 0 }).message).toContain("a starts at 0 ± 0");
    expect(of({ id: "a", mean: 0, sd: 1 }, { id: "a", mean: 0, sd: 1 }).message).toContain("two parameters");
    expect(of({ id: "a", mean: 0, sd: 1, drift: -1 }).message).toContain("drifts by -1");
  });
});

describe.each(MAKERS)("%s filtering of a parameter that moves", (_, make) => {
  // The resistance falls by 30 % half-way.
  const random = dice("a leak");
  const readings: number[] = [];
  let state = Float64Array.of(3);
  for (let index = 0; index < 240; index++) {
    const box = thermal.at(Float64Array.of(index < 120 ? 0.008 : 0.0056, 1.2e6));
    const next = new Float64Array(1);
    box.advance(state, 600 * index, 600 * (index + 1), next);
    next[0] =
      next[0]! + Math.sqrt(box.processNoise(600 * index, 600 * (index + 1)).get(0, 0)) * random.normal();
    state = next;
    readings.push(state[0]! + 0.15 * random.normal());
  }
  const resistanceWith = (drift: number): number => {
    const filter = make(thermal, start, [{ ...parameters[0]!, drift }, parameters[1]!]);
    follow(filter, readings);
    return filter.parameters()[0]!.median;
  };

  test("follows it with a drift, and averages over its past without one", () => {
    expect(Math.abs(resistanceWith(2e-6) / 0.0056 - 1)).toBeLessThan(0.06);
    expect(resistanceWith(0) / 0.0056 - 1).toBeGreaterThan(0.06);
  });
});

describe("particles of parameters", () => {
  test("whose model fails have no weight and are counted; only all of them are a failure", () => {
    const broken: ParametricSystem = {
      at: (theta) => {
        if (theta[0]! > 0.009) throw new Error("no such box");
        return thermal.at(theta);
      },
    };
    const make = (system: ParametricSystem) => () =>
      new ParameterParticles(system, start, parameters, extended, { particles: 100, dice: dice("broken") });
    const filter = make(broken)();
    follow(filter);
    expect(filter.lost).toMatchObject({ reason: "no such box" });
    expect(filter.lost.count).toBeGreaterThan(10);
    expect(filter.parameters()[0]!.quantile(1)).toBeLessThan(0.009);
    const hopeless = { at: () => thermal.at(Float64Array.of(Number.NaN, 1)) };
    expect(refusal(() => follow(make(hopeless)())).code).toBe("MODEL_FAILED");
  });

  test("are told as a distribution function and as its quantiles", () => {
    const filter = new ParameterParticles(thermal, start, parameters, extended, { dice: dice("quantiles") });
    follow(filter);
    const [resistance] = filter.parameters();
    expect(filter.probabilityBelow(0, resistance!.median)).toBeCloseTo(0.5, 1);
    expect(filter.probabilityBelow(0, 0)).toBe(0);
    expect(filter.probabilityBelow(0, 1)).toBeCloseTo(1, 12);
    expect(refusal(() => filter.probabilityBelow(2, 0)).code).toBe("BAD_OPTION");
  });

  test("refuse options that make no sense", () => {
    const of = (more: object) => () =>
      new ParameterParticles(thermal, start, parameters, extended, { dice: dice(0), ...more });
    expect(refusal(of({ particles: 1 })).code).toBe("BAD_OPTION");
    expect(refusal(of({ threshold: 2 })).code).toBe("BAD_OPTION");
    expect(refusal(of({ discount: 1 })).code).toBe("BAD_OPTION");
  });
});

test("the kernel keeps the mean and the covariance of the weighted particles", () => {
  const COUNT = 20_000;
  const cloud = new ParticleCloud(COUNT, 2);
  const random = dice("a cloud");
  for (let particle = 0; particle < COUNT; particle++) {
    const first = random.normal();
    cloud.write(particle, Float64Array.of(3 + first, first + 0.5 * random.normal()));
  }
  const mean = cloud.mean();
  const covariance = cloud.covariance();
  new KernelShrinkage(0.9).move(
    cloud,
    Int32Array.from({ length: COUNT }, (_, index) => index),
    random,
  );
  // The moved mean differs by the mean of N kernel draws, 3 sd of it; a variance by 3 √(2/N) of itself.
  for (const index of [0, 1]) {
    const sd = Math.sqrt(covariance.get(index, index));
    expect(Math.abs(cloud.mean()[index]! - mean[index]!)).toBeLessThan((3 * sd) / Math.sqrt(COUNT));
    expect(Math.abs(cloud.covariance().get(index, index) / covariance.get(index, index) - 1)).toBeLessThan(
      3 * Math.sqrt(2 / COUNT),
    );
  }
  expect(Math.abs(cloud.covariance().get(0, 1) / covariance.get(0, 1) - 1)).toBeLessThan(0.03);
});
