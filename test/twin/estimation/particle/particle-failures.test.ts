import { ParticleFilter, type ParticleOptions } from "@plumbline/twin/estimation/particle/particle-filter";
import { runParticles } from "@plumbline/twin/estimation/particle/particle-run";
import type { ParticleSystem } from "@plumbline/twin/estimation/particle/particle-system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";
import { growthModel, growthStart, seriesOf } from "./growth-model.ts";

const options = (more: Partial<ParticleOptions> = {}): ParticleOptions => ({
  particles: 500,
  dice: dice("seed"),
  ...more,
});

describe("a reading that is impossible for every particle", () => {
  const bounded: ParticleSystem = {
    ...growthModel,
    logDensity: (reading, state) => (Math.abs(reading[0]! - state[0]!) < 50 ? 0 : Number.NEGATIVE_INFINITY),
  };

  test.each(["bootstrap", "auxiliary"] as const)("%s: DEGENERATE, and the belief is unchanged", (scheme) => {
    const filter = new ParticleFilter(bounded, growthStart, options({ scheme }));
    filter.predict(1);
    const before = filter.cloud();
    expect(refusal(() => filter.update([1000])).code).toBe("DEGENERATE");
    expect(filter.cloud()).toEqual(before);
    expect(filter.mean()[0]).not.toBeNaN();
    expect(Number.isFinite(filter.update([0]).logLikelihood)).toBe(true);
  });

  test("of a series: an outcome with log-likelihood −∞, and how far it came", () => {
    const run = runParticles(bounded, growthStart, seriesOf([0, 1, 1000, 2]), options());
    expect(run.outcome).toBe("degenerate");
    expect(run.logLikelihood).toBe(Number.NEGATIVE_INFINITY);
    expect(run.length).toBe(2);
    expect(run.means.data.every(Number.isFinite)).toBe(true);
  });

  test("a reading 1e5 sds away underflows nothing: log weights keep the order of the particles", () => {
    const filter = new ParticleFilter(growthModel, growthStart, options());
    filter.predict(1);
    const said = filter.update([1e5]);
    expect(said.logLikelihood).toBeLessThan(-1e9);
    expect(Number.isFinite(said.logLikelihood)).toBe(true);
    expect(filter.mean()[0]).not.toBeNaN();
  });
});

describe("model calls that fail", () => {
  const fragile = (fails: (state: Float64Array) => number): ParticleSystem => ({
    ...growthModel,
    propagate: (state, _from, _to, _random, out) => {
      out[0] = state[0]! < 0 ? fails(state) : state[0]!;
    },
  });
  const ways: readonly [string, (state: Float64Array) => number][] = [
    [
      "throws",
      () => {
        throw new RangeError("no root");
      },
    ],
    ["gives NaN", () => Number.NaN],
    ["gives an infinity", () => Number.POSITIVE_INFINITY],
  ];

  test.each(ways)("cost their particle and are counted when the model %s", (_name, fails) => {
    const filter = new ParticleFilter(fragile(fails), growthStart, options());
    const negative = filter.cloud().states[0]!.filter((value) => value < 0).length;
    filter.predict(1);
    expect(filter.lost.count).toBe(negative);
    expect(filter.lost.reason).toMatch(/the move .* at the state \(-/);
    expect(filter.mean()[0]).toBeGreaterThan(0);
    expect(filter.quantile(0, 0)).toBeGreaterThanOrEqual(0);
    // Impossible, not ignored: the mass that failed is missing from the evidence.
    const flat = new ParticleFilter({ ...fragile(fails), logDensity: () => 0 }, growthStart, options());
    flat.predict(1);
    expect(flat.update([0]).logLikelihood).toBeCloseTo(Math.log((500 - negative) / 500), 10);
  });

  test("MODEL_FAILED when all fail, in the move or in the density; the belief is unchanged", () => {
    const moving = new ParticleFilter(
      { ...growthModel, propagate: (_state, _from, _to, _random, out) => out.fill(Number.NaN) },
      growthStart,
      options(),
    );
    const before = moving.cloud();
    expect(refusal(() => moving.predict(1)).code).toBe("MODEL_FAILED");
    expect(moving.cloud()).toEqual(before);
    expect(moving.at).toBe(0);
    const seeing = new ParticleFilter(
      { ...growthModel, logDensity: () => Number.NaN },
      growthStart,
      options(),
    );
    expect(refusal(() => seeing.update([1])).code).toBe("MODEL_FAILED");
    expect(
      refusal(() =>
        runParticles({ ...growthModel, logDensity: () => Number.NaN }, growthStart, seriesOf([1]), options()),
      ).code,
    ).toBe("MODEL_FAILED");
  });
});

test.each([
  ["one particle", { particles: 1 }],
  ["a fraction of a particle", { particles: 10.5 }],
  ["a threshold above 1", { threshold: 1.1 }],
  ["a threshold of NaN", { threshold: Number.NaN }],
  ["the guided scheme without a proposal", { scheme: "guided" as const }],
  ["an unknown scheme", { scheme: "apf" as "auxiliary" }],
  ["an unknown resampling", { resampling: "wheel" as "systematic" }],
  ["a resampling that is none", { resampling: 3 as unknown as "systematic" }],
])("BAD_OPTION: %s", (_name, more) => {
  expect(refusal(() => new ParticleFilter(growthModel, growthStart, options(more))).code).toBe("BAD_OPTION");
});

test("BAD_OPTION: the auxiliary scheme without a look ahead, and a quantile that is none", () => {
  const { lookAhead: _lookAhead, ...blind } = growthModel;
  expect(refusal(() => new ParticleFilter(blind, growthStart, options({ scheme: "auxiliary" }))).code).toBe(
    "BAD_OPTION",
  );
  const filter = new ParticleFilter(growthModel, growthStart, options());
  expect(refusal(() => filter.quantile(0, 1.5)).code).toBe("BAD_OPTION");
  expect(refusal(() => filter.quantile(1, 0.5)).code).toBe("BAD_OPTION");
});

test.each([
  ["EMPTY_SERIES", [], new Matrix(0, 1)],
  ["OUT_OF_ORDER", [1, 1], new Matrix(2, 1)],
  ["OUT_OF_ORDER", [2, 1], new Matrix(2, 1)],
  ["OUT_OF_ORDER", [1, Number.NaN], new Matrix(2, 1)],
  ["OUT_OF_ORDER", [-1], new Matrix(1, 1)],
  ["BAD_SHAPE", [1, 2], new Matrix(3, 1)],
  ["BAD_SHAPE", [1], new Matrix(1, 2)],
  ["BAD_READING", [1], Matrix.from([[Number.POSITIVE_INFINITY]])],
])("%s: a series that is none is refused", (code, at, rows) => {
  expect(
    refusal(() => runParticles(growthModel, growthStart, { times: at, readings: rows }, options())).code,
  ).toBe(code);
});
