import { EnsembleFilter, type EnsembleOptions } from "@plumbline/twin/estimation/ensemble/ensemble-filter";
import { finiteSize } from "@plumbline/twin/estimation/ensemble/finite-size";
import { localTransform } from "@plumbline/twin/estimation/ensemble/local-transform";
import { gaspariCohn, localisation, ringDistance } from "@plumbline/twin/estimation/ensemble/localisation";
import { perturbedObservations } from "@plumbline/twin/estimation/ensemble/perturbed-observations";
import { rotate } from "@plumbline/twin/estimation/ensemble/rotation";
import type { StochasticSystem } from "@plumbline/twin/estimation/nonlinear/system";
import { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

/** √x for x ≥ 0, and an error below. */
const roots: StochasticSystem = {
  states: 1,
  outputs: 1,
  advance: (state, _from, _to, out) => {
    if (state[0]! < 0) throw new RangeError("the tank is empty");
    out[0] = state[0]! + 1;
  },
  observe: (state, _at, out) => {
    out[0] = Math.sqrt(state[0]! - 1);
  },
  processNoise: () => new Matrix(1, 1),
  observationNoise: Matrix.identity(1),
};

const start = { at: 0, mean: Float64Array.of(1), covariance: Matrix.identity(1) };
const options = (more: Partial<EnsembleOptions> = {}): EnsembleOptions => ({
  members: 40,
  dice: dice(1),
  ...more,
});

/** Two independent walks of which the first is seen. */
const walks: StochasticSystem = {
  states: 2,
  outputs: 1,
  advance: (state, _from, _to, out) => out.set(state),
  observe: (state, _at, out) => {
    out[0] = state[0]!;
  },
  processNoise: (from, to) => Matrix.diagonal([to - from, 0]),
  observationNoise: Matrix.identity(1),
};
const startOfWalks = { at: 0, mean: Float64Array.of(0, 0), covariance: Matrix.diagonal([1, 4]) };

describe("members whose model run fails", () => {
  test("are dropped, counted and told; the ensemble shrinks, and nobody takes their place", () => {
    const filter = new EnsembleFilter(roots, start, options());
    const before = filter.members();
    const empty = Array.from(before.data).filter((value) => value < 0).length;
    expect(empty).toBeGreaterThan(0);
    filter.predict(1);
    expect(filter.size).toBe(40 - empty);
    expect(filter.lost).toHaveLength(empty);
    expect(filter.lost[0]?.at).toBe(1);
    expect(filter.lost[0]?.reason).toMatch(/advance from 0 to 1 threw .*the tank is empty/);
    const survivors = Array.from(before.data).filter((value) => value >= 0);
    expect(filter.mean()[0]).toBeCloseTo(
      1 + survivors.reduce((sum, value) => sum + value, 0) / survivors.length,
      12,
    );
  });

  test("in the observation cost their member too", () => {
    const filter = new EnsembleFilter(roots, start, options());
    const invisible = Array.from(filter.members().data).filter((value) => value < 1).length;
    filter.update([0.5]);
    expect(filter.size).toBe(40 - invisible);
    expect(filter.lost).toHaveLength(invisible);
    expect(filter.lost[0]?.reason).toContain("observe at 0 gave NaN");
  });

  test("MODEL_FAILED when fewer than two are left, and the belief is unchanged", () => {
    const filter = new EnsembleFilter(roots, { ...start, mean: Float64Array.of(-50) }, options());
    const before = filter.members();
    expect(refusal(() => filter.predict(1)).code).toBe("MODEL_FAILED");
    expect(filter.members()).toEqual(before);
    expect(filter.at).toBe(0);
    expect(filter.lost).toEqual([]);
  });
});

describe("the first ensemble", () => {
  test("is drawn from the start, singular directions included", () => {
    const covariance = Matrix.from([
      [4, 2],
      [2, 1.0001],
    ]);
    const filter = new EnsembleFilter(walks, { ...startOfWalks, covariance }, options({ members: 4000 }));
    // Relative sd of a variance √(2/N) = 0.022: five of them.
    expect(Math.abs(filter.covariance().get(0, 0) / 4 - 1)).toBeLessThan(0.112);
    expect(Math.abs(filter.covariance().get(1, 0) / 2 - 1)).toBeLessThan(0.112);
  });

  test("has the start's moments to round-off when asked", () => {
    const filter = new EnsembleFilter(walks, startOfWalks, options({ members: 3, start: "exact" }));
    expect(filter.mean()[0]).toBeCloseTo(0, 14);
    expect(filter.covariance().get(0, 0)).toBeCloseTo(1, 13);
    expect(filter.covariance().get(1, 1)).toBeCloseTo(4, 13);
    expect(filter.covariance().get(1, 0)).toBeCloseTo(0, 13);
  });
});

describe("what keeps an ensemble from collapsing", () => {
  const updated = (more: Partial<EnsembleOptions>): EnsembleFilter => {
    const filter = new EnsembleFilter(walks, startOfWalks, options({ start: "exact", ...more }));
    filter.update([1]);
    return filter;
  };
  const plain = updated({});

  test("process noise is drawn for every member and leaves the mean where it was", () => {
    const filter = new EnsembleFilter(walks, startOfWalks, options({ members: 4000, start: "exact" }));
    filter.predict(3);
    expect(filter.mean()[0]).toBeCloseTo(0, 12);
    expect(Math.abs(filter.covariance().get(0, 0) / 4 - 1)).toBeLessThan(0.112);
    expect(filter.covariance().get(1, 1)).toBeCloseTo(4, 10);
  });

  test("inflation multiplies the anomalies after the analysis", () => {
    const inflated = updated({ inflation: 1.5 });
    expect(inflated.mean()).toEqual(plain.mean());
    expect(inflated.covariance().get(0, 0)).toBeCloseTo(2.25 * plain.covariance().get(0, 0), 12);
  });

  test("relaxation restores a share of the spread that the reading took, and only there", () => {
    const relaxed = updated({ relaxation: 0.4 });
    // σ⁻ = 1, σ⁺ = √½.
    expect(relaxed.covariance().get(0, 0)).toBeCloseTo((0.6 * Math.SQRT1_2 + 0.4) ** 2, 12);
    expect(relaxed.covariance().get(1, 1)).toBeCloseTo(4, 10);
  });

  test("additive noise adds its covariance and leaves the mean", () => {
    const more = updated({ members: 4000, additive: Matrix.diagonal([0, 5]) });
    expect(more.mean()[0]).toBeCloseTo(0.5, 12);
    expect(Math.abs(more.covariance().get(1, 1) / 9 - 1)).toBeLessThan(0.112);
    expect(more.covariance().get(0, 0)).toBeCloseTo(0.5, 10);
  });

  test("rotation keeps mean and covariance and changes the members", () => {
    const turned = updated({ rotate: true });
    expect(turned.mean()).toEqual(plain.mean());
    turned.covariance().data.forEach((value, index) => {
      expect(value).toBeCloseTo(plain.covariance().data[index]!, 12);
    });
    expect(turned.members()).not.toEqual(plain.members());
  });

  test("rotation is uniform: an anomaly goes anywhere with mean 0, and its share of the length is right", () => {
    const count = 5;
    const random = dice("rotations");
    let first = 0;
    let square = 0;
    const trials = 4000;
    for (let trial = 0; trial < trials; trial++) {
      const rows = Array.from({ length: count }, (_, row) => Float64Array.of(row === 0 ? 0.8 : -0.2));
      rotate(rows, random);
      expect(rows.reduce((sum, row) => sum + row[0]!, 0)).toBeCloseTo(0, 12);
      first += rows[0]![0]!;
      square += rows[0]![0]! ** 2;
    }
    // |a|² = 0.8; the component along member 0 has, by symmetry, variance 0.8 · 0.8/4 = 0.16 (the direction e_0 − 1/N has
    // squared length 0.8 in the 4-dimensional space of anomalies). Five sds of the means.
    expect(Math.abs(first / trials)).toBeLessThan(5 * Math.sqrt(0.16 / trials));
    expect(Math.abs(square / trials - 0.16)).toBeLessThan(5 * 0.16 * Math.sqrt(2 / trials));
  });
});

describe("localisation", () => {
  test("Gaspari and Cohn's taper is 1 at 0, 5/24 at the half-width, 0 from twice it on, and joins smoothly", () => {
    expect(gaspariCohn(0)).toBe(1);
    expect(gaspariCohn(1)).toBeCloseTo(5 / 24, 14);
    expect(gaspariCohn(2)).toBe(0);
    expect(gaspariCohn(1 + 1e-9)).toBeCloseTo(gaspariCohn(1 - 1e-9), 8);
    expect(gaspariCohn(2 - 1e-4)).toBeLessThan(1e-12);
  });

  test("near 0 the taper is a Gaussian with the radius as its sd, to the hundredth that 1.82 keeps of √(10/3)", () => {
    const taper = localisation({ stateToOutput: (s, o) => s - o, outputToOutput: (a, b) => a - b }, 4);
    expect((1 - taper.ofState(0.1, 0)) / (0.1 ** 2 / (2 * 4 ** 2))).toBeCloseTo(1, 1.3);
    expect(taper.ofState(4, 0)).toBeCloseTo(0.6336, 4);
    expect(taper.ofState(0, 0)).toBe(1);
    expect(taper.ofOutputs(0, 15)).toBe(0);
  });

  test("distances on a ring go the shorter way", () => {
    expect(ringDistance(1, 39, 40)).toBe(2);
    expect(ringDistance(0, 20, 40)).toBe(20);
  });

  test("a state out of reach of every reading is left alone", () => {
    const far = localisation({ stateToOutput: (state) => 100 * state, outputToOutput: () => 0 }, 1);
    for (const analysis of [localTransform(far), perturbedObservations({ localisation: far })]) {
      const filter = new EnsembleFilter(walks, startOfWalks, options({ members: 4, analysis }));
      const before = filter.members();
      filter.update([1]);
      const later = filter.members();
      for (let member = 0; member < 4; member++) {
        expect(later.get(member, 1)).toBeCloseTo(before.get(member, 1), 13);
        expect(later.get(member, 0)).not.toBe(before.get(member, 0));
      }
    }
  });

  test("CORRELATED_NOISE: a local analysis needs sensors with noise of their own", () => {
    const correlated: StochasticSystem = {
      ...walks,
      outputs: 2,
      observe: (state, _at, out) => out.set(state),
      observationNoise: Matrix.from([
        [1, 0.5],
        [0.5, 1],
      ]),
    };
    const near = localisation({ stateToOutput: () => 0, outputToOutput: () => 0 }, 1);
    const make = (analysis: EnsembleOptions["analysis"] & object): unknown =>
      new EnsembleFilter(correlated, startOfWalks, options({ analysis }));
    expect(refusal(() => make(localTransform(near))).code).toBe("CORRELATED_NOISE");
    expect(refusal(() => make(perturbedObservations({ localisation: near }))).code).toBe("CORRELATED_NOISE");
    expect(() => make(perturbedObservations())).not.toThrow();
  });
});

test.each([
  ["one member", { members: 1 }],
  ["half a member", { members: 2.5 }],
  ["an exact start of too few", { members: 2, start: "exact" as const }],
  ["an inflation of 0", { inflation: 0 }],
  ["an inflation of NaN", { inflation: Number.NaN }],
  ["a relaxation above 1", { relaxation: 1.5 }],
])("BAD_OPTION: %s", (_name, more) => {
  expect(refusal(() => new EnsembleFilter(walks, startOfWalks, options(more))).code).toBe("BAD_OPTION");
});

test("BAD_OPTION: a radius or a certainty that is not positive", () => {
  const geometry = { stateToOutput: () => 0, outputToOutput: () => 0 };
  expect(refusal(() => localisation(geometry, 0)).code).toBe("BAD_OPTION");
  expect(refusal(() => finiteSize({ certainty: 0 })).code).toBe("BAD_OPTION");
});

test.each([
  ["NOT_POSITIVE_SEMIDEFINITE", Matrix.diagonal([1, -1])],
  [
    "NOT_POSITIVE_SEMIDEFINITE",
    Matrix.from([
      [1, 2],
      [2, 1],
    ]),
  ],
  ["BAD_SHAPE", Matrix.identity(3)],
  ["NOT_FINITE", Matrix.diagonal([1, Number.NaN])],
  [
    "NOT_SYMMETRIC",
    Matrix.from([
      [1, 0.5],
      [0, 1],
    ]),
  ],
])("%s: an improper process noise or additive inflation is refused", (code, noise) => {
  const filter = new EnsembleFilter({ ...walks, processNoise: () => noise }, startOfWalks, options());
  expect(refusal(() => filter.predict(1)).code).toBe(code);
  expect(filter.at).toBe(0);
  expect(refusal(() => new EnsembleFilter(walks, startOfWalks, options({ additive: noise }))).code).toBe(
    code,
  );
});

test("what was drawn before does not shift what is drawn next: a reading without content leaves the stream alone", () => {
  const run = (empty: boolean): Float64Array => {
    const filter = new EnsembleFilter(walks, startOfWalks, options({ analysis: perturbedObservations() }));
    filter.predict(1);
    if (empty) filter.update([Number.NaN]);
    filter.update([1]);
    filter.predict(2);
    return filter.members().data;
  };
  expect(run(true)).toEqual(run(false));
});
