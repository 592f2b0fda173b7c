import type { Start } from "@plumbline/twin/estimation/nonlinear/checked-system";
import type { Filter } from "@plumbline/twin/estimation/nonlinear/filter";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";
import { expectNear, expectProper, MODEL, NAN, START, SYSTEM, series } from "./contract-problem.ts";
import { ReferenceKalman } from "./reference-kalman.ts";

export { systemOf } from "./reference-kalman.ts";

/** Builds the filter under test, fresh each time, with the same dice (if any) each time. */
export type MakeFilter = (system: StochasticSystem, start: Start) => Filter;

export interface ContractOptions {
  /**
   * How far from the exact answer of a linear problem: of the mean in sds of the belief, of a covariance relative to
   * √(P_ii P_jj), of a log-likelihood and of a NIS relative to 1 + NIS. Leave out for filters that are exact there.
   */
  readonly tolerance?: number;
  /**
   * "matrices": the filter is given a linear model's matrices. Its covariances may then be singular, and there is no
   * function that could fail at a state. Default "functions".
   */
  readonly takes?: "functions" | "matrices";
}

const belief = (filter: Filter): number[] => [filter.at, ...filter.mean(), ...filter.covariance().data];

/** What every implementation of `Filter` promises. */
export function describeFilter(name: string, make: MakeFilter, options: ContractOptions = {}): void {
  const tolerance = options.tolerance ?? 1e-9;

  describe(`${name} keeps the contract of filters:`, () => {
    describeTime(make, tolerance);
    describeReadings(make, tolerance);
    describeOddReadings(make);
    describeBelief(make, tolerance);
    describeRefusals(make, options.takes === "matrices");
    if (options.takes === "matrices") return;
    describeBlindness(make);
    describeFailures(make);
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
}

function describeBlindness(make: MakeFilter): void {
  test("an output that the reading misses need not be computable", () => {
    const blind: StochasticSystem = {
      ...SYSTEM,
      observe: (state, at, out) => {
        SYSTEM.observe(state, at, out);
        out[1] = NAN;
      },
      observationJacobian: () =>
        Matrix.from([
          [1, 0],
          [NAN, NAN],
        ]),
    };
    const [one, other] = [make(SYSTEM, START), make(blind, START)];
    for (const filter of [one, other]) filter.predict(2);
    const said = one.update([0.3, NAN]);
    expect(said.nis).toBeGreaterThan(0);
    const told = other.update([0.3, NAN]);
    expect([told.logLikelihood, told.nis, ...told.innovation]).toEqual([
      expect.closeTo(said.logLikelihood, 9),
      expect.closeTo(said.nis, 9),
      expect.closeTo(said.innovation[0]!, 9),
      NAN,
    ]);
    expect(belief(other)).toEqual(belief(one).map((value) => expect.closeTo(value, 9)));
    expect(refusal(() => other.update([0.3, 1])).code).toBe("MODEL_FAILED");
  });
}

function describeOddReadings(make: MakeFilter): void {
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

function describeRefusals(make: MakeFilter, singular: boolean): void {
  const matrix = (...rows: number[][]): Matrix => Matrix.from(rows);
  const indefinite = singular ? "NOT_POSITIVE_SEMIDEFINITE" : "NOT_POSITIVE_DEFINITE";
  const zero: [string, string, Matrix] = [indefinite, "a variance of 0", matrix([1, 0], [0, 0])];
  const covariances: readonly [string, string, Matrix][] = [
    [indefinite, "a negative variance", matrix([1, 0], [0, -1])],
    ...(singular ? [] : [zero]),
    [indefinite, "a correlation above 1", matrix([1, 2], [2, 1])],
    ["NOT_SYMMETRIC", "a lopsided matrix", matrix([1, 0.5], [-0.5, 1])],
    ["NOT_FINITE", "a NaN", matrix([1, 0], [0, NAN])],
    ["BAD_SHAPE", "a wrong shape", matrix([1, 0, 0], [0, 1, 0], [0, 0, 1])],
  ];

  test.each(covariances)("%s: a start covariance with %s is refused", (code, _what, covariance) => {
    expect(refusal(() => make(SYSTEM, { ...START, covariance })).code).toBe(code);
  });

  test.each(covariances)("%s: an observation noise with %s is refused", (code, _what, observationNoise) => {
    // At the latest when it is first needed.
    expect(refusal(() => make({ ...SYSTEM, observationNoise }, START).update([1, 2])).code).toBe(code);
  });

  test("a start mean of a wrong length or with a NaN, and a start time that is none, are refused", () => {
    expect(refusal(() => make(SYSTEM, { ...START, mean: Float64Array.of(1) })).code).toBe("BAD_SHAPE");
    expect(refusal(() => make(SYSTEM, { ...START, mean: Float64Array.of(1, NAN) })).code).toBe("NOT_FINITE");
    expect(refusal(() => make(SYSTEM, { ...START, at: NAN })).code).toBe("NOT_FINITE");
  });
}

function describeFailures(make: MakeFilter): void {
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
