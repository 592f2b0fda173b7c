import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { symmetricEigen } from "@plumbline/twin/linear-algebra/symmetric-eigen";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { refusal } from "../support/refusals.ts";
import { type LinearModel, ReferenceKalman } from "./reference-kalman.ts";

/** Builds the filter under test, fresh each time, with the same dice (if any) each time. */
export type MakeFilter = (system: StochasticSystem, start: Start) => Filter;

export interface ContractOptions {
  /**
   * How far from the exact answer of a linear problem: of the mean in sds of the belief, of a covariance relative to
   * √(P_ii P_jj), of a log-likelihood and of a NIS relative to 1 + NIS. Leave out for filters that are exact there.
   */
  readonly tolerance?: number;
}

const NAN = Number.NaN;

/** A body pushed at random and seen in position and in a mixture; correlated noise. */
const MODEL: LinearModel = {
  transition: (from, to) =>
    Matrix.from([
      [1, to - from],
      [0, 1],
    ]),
  processNoise: (from, to) => {
    const elapsed = to - from;
    return Matrix.from([
      [elapsed ** 3 / 3 + 0.1 * elapsed, elapsed ** 2 / 2],
      [elapsed ** 2 / 2, elapsed],
    ]);
  },
  observation: Matrix.from([
    [1, 0],
    [0.5, -1],
  ]),
  observationNoise: Matrix.from([
    [0.5, 0.1],
    [0.1, 0.8],
  ]),
};

const START: Start = {
  at: 1,
  mean: Float64Array.of(1, -2),
  covariance: Matrix.from([
    [2, 0.3],
    [0.3, 1],
  ]),
};

export function systemOf(model: LinearModel): StochasticSystem {
  let last: { from: number; to: number; transition: Matrix } | undefined;
  const transition = (from: number, to: number): Matrix => {
    if (last?.from !== from || last.to !== to) last = { from, to, transition: model.transition(from, to) };
    return last.transition;
  };
  return {
    states: model.observation.columns,
    outputs: model.observation.rows,
    advance: (state, from, to, out) => out.set(timesVector(transition(from, to), state)),
    observe: (state, _at, out) => out.set(timesVector(model.observation, state)),
    processNoise: model.processNoise,
    observationNoise: model.observationNoise,
  };
}

const SYSTEM = systemOf(MODEL);

/** Times 1.2 … and readings near the truth of MODEL; every third row partial, every seventh missing. */
function series(length: number, seed: number): { times: number[]; readings: number[][] } {
  const dice = seeded(seed);
  const times: number[] = [];
  const readings: number[][] = [];
  let at = START.at;
  for (let step = 0; step < length; step++) {
    at += 0.05 + dice.uniform();
    times.push(at);
    const position = 1 - 2 * (at - START.at);
    const row = [position + dice.normal(), 0.5 * position + 2 + dice.normal()];
    if (step % 3 === 1) row[step % 2] = NAN;
    readings.push(step % 7 === 4 ? [NAN, NAN] : row);
  }
  return { times, readings };
}

const belief = (filter: Filter): number[] => [filter.at, ...filter.mean(), ...filter.covariance().data];

function expectNear(
  filter: Filter,
  exact: { mean: Float64Array; covariance: Matrix },
  tolerance: number,
  when: string,
): void {
  const mean = filter.mean();
  const covariance = filter.covariance();
  const sds = exact.covariance.diagonal().map(Math.sqrt);
  for (const [row, sd] of sds.entries()) {
    expect(Math.abs(mean[row]! - exact.mean[row]!) / sd, `mean ${row} ${when}`).toBeLessThan(tolerance);
    for (const [column, other] of sds.entries())
      expect(
        Math.abs(covariance.get(row, column) - exact.covariance.get(row, column)) / (sd * other),
        `covariance ${row}, ${column} ${when}`,
      ).toBeLessThan(tolerance);
  }
}

function expectProper(covariance: Matrix, when: string): void {
  const largest = Math.max(...covariance.diagonal());
  for (let row = 0; row < covariance.rows; row++)
    for (let column = 0; column < row; column++)
      expect(covariance.get(row, column), `symmetry ${when}`).toBe(covariance.get(column, row));
  const { values } = symmetricEigen(covariance);
  expect(Math.min(...values), `smallest eigenvalue ${when}`).toBeGreaterThanOrEqual(-1e-14 * largest);
}

/** What every implementation of `Filter` promises. */
export function describeFilter(name: string, make: MakeFilter, options: ContractOptions = {}): void {
  const tolerance = options.tolerance ?? 1e-9;

  describe(`${name} keeps the contract of filters:`, () => {
    describeTime(make, tolerance);
    describeReadings(make, tolerance);
    describeBelief(make, tolerance);
    describeRefusals(make);
  });
}

function describeTime(make: MakeFilter, tolerance: number): void {
  test("it stands at the start's time with the start's belief", () => {
    const filter = make(SYSTEM, START);
    expect(filter.at).toBe(START.at);
    expectNear(filter, START, tolerance, "at the start");
  });

  test("time moves with predict, and a predict to the same time changes nothing", () => {
    const filter = make(SYSTEM, START);
    filter.predict(2.5);
    const before = belief(filter);
    filter.predict(2.5);
    expect(filter.at).toBe(2.5);
    expect(belief(filter)).toEqual(before);
  });

  test.each([0.5, NAN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "a predict to %d is out of order, and changes nothing",
    (to) => {
      const filter = make(SYSTEM, START);
      const before = belief(filter);
      expect(refusal(() => filter.predict(to)).code).toBe("OUT_OF_ORDER");
      expect(belief(filter)).toEqual(before);
    },
  );

  test("two predicts reach the same belief as one across both, for a linear system", () => {
    const twice = make(SYSTEM, START);
    twice.predict(1.7);
    twice.predict(3.9);
    const exact = new ReferenceKalman(MODEL, START);
    exact.predict(3.9);
    expectNear(twice, exact, tolerance, "after two predicts");
    const once = make(SYSTEM, START);
    once.predict(3.9);
    expectNear(once, exact, tolerance, "after one predict");
  });
}

function describeReadings(make: MakeFilter, tolerance: number): void {
  test("on a linear system it is the Kalman filter: irregular times, partial and missing readings, correlated noise", () => {
    const { times, readings } = series(40, 7);
    const filter = make(SYSTEM, START);
    const exact = new ReferenceKalman(MODEL, START);
    for (const [step, reading] of readings.entries()) {
      filter.predict(times[step]!);
      exact.predict(times[step]!);
      expectNear(filter, exact, tolerance, `before reading ${step}`);
      const innovation = timesVector(MODEL.observation, exact.mean).map((y, index) => reading[index]! - y);
      const said = filter.update(reading);
      const reference = exact.update(reading);
      expectNear(filter, exact, tolerance, `after reading ${step}`);
      expect(said.size).toBe(reference.size);
      expect(Math.abs(said.logLikelihood - reference.logLikelihood)).toBeLessThan(
        tolerance * (1 + reference.nis),
      );
      expect(Math.abs(said.nis - reference.nis)).toBeLessThan(tolerance * (1 + reference.nis));
      for (const [index, value] of innovation.entries())
        if (Number.isNaN(value)) expect(said.innovation[index]).toBeNaN();
        else expect(Math.abs(said.innovation[index]! - value)).toBeLessThan(tolerance);
    }
  });

  test("a reading at the start's own time is assimilated", () => {
    const filter = make(SYSTEM, START);
    const exact = new ReferenceKalman(MODEL, START);
    filter.update([0.4, 1.2]);
    exact.update([0.4, 1.2]);
    expectNear(filter, exact, tolerance, "after the reading");
  });

  test("a reading of which nothing is present changes nothing and says nothing", () => {
    const filter = make(SYSTEM, START);
    filter.predict(2);
    const before = belief(filter);
    expect(filter.update([NAN, NAN])).toEqual({
      logLikelihood: 0,
      nis: 0,
      size: 0,
      innovation: Float64Array.of(NAN, NAN),
    });
    expect(belief(filter)).toEqual(before);
  });

  test.each([
    ["BAD_READING", [Number.POSITIVE_INFINITY, 1]],
    ["BAD_READING", [NAN, Number.NEGATIVE_INFINITY]],
    ["BAD_SHAPE", [1]],
    ["BAD_SHAPE", [1, 2, 3]],
    ["BAD_SHAPE", []],
  ])("%s: a reading of [%s] is refused, and changes nothing", (code, reading) => {
    const filter = make(SYSTEM, START);
    filter.predict(2);
    const before = belief(filter);
    expect(refusal(() => filter.update(reading)).code).toBe(code);
    expect(belief(filter)).toEqual(before);
  });
}

function describeBelief(make: MakeFilter, tolerance: number): void {
  test("the covariance is symmetric and positive semi-definite after every call", () => {
    const { times, readings } = series(60, 8);
    const filter = make(SYSTEM, START);
    for (const [step, reading] of readings.entries()) {
      filter.predict(times[step]!);
      expectProper(filter.covariance(), `before reading ${step}`);
      filter.update(reading);
      expectProper(filter.covariance(), `after reading ${step}`);
    }
  });

  test("the same calls give the same bits", () => {
    const { times, readings } = series(25, 9);
    const filters = [make(SYSTEM, START), make(SYSTEM, START)];
    for (const [step, reading] of readings.entries()) {
      const said = filters.map((filter) => {
        filter.predict(times[step]!);
        return filter.update(reading);
      });
      expect(said[0]).toEqual(said[1]);
      expect(belief(filters[0]!)).toEqual(belief(filters[1]!));
    }
  });

  test("what it hands out, and what it was handed, may be overwritten without changing the belief", () => {
    const start: Start = { ...START, mean: START.mean.slice(), covariance: START.covariance.copy() };
    const noise = MODEL.observationNoise.copy();
    const filter = make({ ...SYSTEM, observationNoise: noise }, start);
    start.mean.fill(NAN);
    start.covariance.data.fill(NAN);
    noise.data.fill(NAN);
    const exact = new ReferenceKalman(MODEL, START);
    const reading = Float64Array.of(0.4, 1.2);
    const said = filter.update(reading);
    exact.update(reading);
    filter.mean().fill(NAN);
    filter.covariance().data.fill(NAN);
    said.innovation.fill(NAN);
    expectNear(filter, exact, tolerance, "after the reading");
    filter.predict(2);
    filter.mean().fill(NAN);
    filter.covariance().data.fill(NAN);
    exact.predict(2);
    expectNear(filter, exact, tolerance, "after a predict");
  });
}

function describeRefusals(make: MakeFilter): void {
  const matrix = (...rows: number[][]): Matrix => Matrix.from(rows);
  const covariances: readonly [string, string, Matrix][] = [
    ["NOT_POSITIVE_DEFINITE", "a negative variance", matrix([1, 0], [0, -1])],
    ["NOT_POSITIVE_DEFINITE", "a variance of 0", matrix([1, 0], [0, 0])],
    ["NOT_POSITIVE_DEFINITE", "a correlation above 1", matrix([1, 2], [2, 1])],
    ["NOT_SYMMETRIC", "a lopsided matrix", matrix([1, 0.5], [-0.5, 1])],
    ["NOT_FINITE", "a NaN", matrix([1, 0], [0, NAN])],
    ["BAD_SHAPE", "a wrong shape", matrix([1, 0, 0], [0, 1, 0], [0, 0, 1])],
  ];

  test.each(covariances)("%s: a start covariance with %s is refused", (code, _what, covariance) => {
    expect(refusal(() => make(SYSTEM, { ...START, covariance })).code).toBe(code);
  });

  test.each(covariances)("%s: an observation noise with %s is refused", (code, _what, observationNoise) => {
    expect(refusal(() => make({ ...SYSTEM, observationNoise }, START)).code).toBe(code);
  });

  test("a start mean of a wrong length or with a NaN, and a start time that is none, are refused", () => {
    expect(refusal(() => make(SYSTEM, { ...START, mean: Float64Array.of(1) })).code).toBe("BAD_SHAPE");
    expect(refusal(() => make(SYSTEM, { ...START, mean: Float64Array.of(1, NAN) })).code).toBe("NOT_FINITE");
    expect(refusal(() => make(SYSTEM, { ...START, at: NAN })).code).toBe("NOT_FINITE");
  });

  test.each([
    ["throws", (): number => failing("the pump ran dry")],
    ["gives NaN", (): number => NAN],
    ["gives an infinity", (): number => Number.POSITIVE_INFINITY],
  ])("MODEL_FAILED names the state when the model %s, and the belief is unchanged", (_how, value) => {
    let broken = false;
    const filter = make(
      {
        ...SYSTEM,
        advance: (state, from, to, out) =>
          broken ? out.fill(value()) : SYSTEM.advance(state, from, to, out),
        observe: (state, at, out) => (broken ? out.fill(value()) : SYSTEM.observe(state, at, out)),
      },
      START,
    );
    filter.predict(2);
    const before = belief(filter);
    broken = true;
    const calls = [() => filter.predict(3), () => filter.update([1, 2]), () => filter.update([1, NAN])];
    for (const call of calls) {
      const { code, message } = refusal(call);
      expect(code).toBe("MODEL_FAILED");
      expect(message).toMatch(/at the state \(-?\d.*, -?\d.*\)/);
      expect(belief(filter)).toEqual(before);
    }
    broken = false;
    filter.predict(3);
    filter.update([1, 2]);
    expectProper(filter.covariance(), "after the model came back");
  });
}

function failing(message: string): never {
  throw new Error(message);
}
