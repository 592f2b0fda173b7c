import { cholesky } from "@plumbline/twin/linear-algebra/cholesky";
import { discretise } from "@plumbline/twin/linear-algebra/discretise";
import { Matrix, multiply, plus, timesVector } from "@plumbline/twin/linear-algebra/matrix";
import { type SmallModel, smallFilter } from "@plumbline/twin/linear-algebra/small-filters";
import { type Dice, dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../support/reference-data.ts";
import { refusal } from "../support/refusals.ts";
import { digits, positive, random } from "./matrices.ts";
import { EXTREME, EXTREME_POSTERIORS } from "./recursions.ts";

/** The same filter in plain matrix algebra (Joseph form), one reading after another. */
function plainly(model: SmallModel, readings: Float64Array, steps?: ArrayLike<number>) {
  const n = model.observation.length;
  const row = new Matrix(1, n, Float64Array.from(model.observation));
  const block = (numbers: ArrayLike<number>): Matrix => new Matrix(n, n, Float64Array.from(numbers));
  let mean: Float64Array = Float64Array.from(model.mean);
  let covariance = block(model.covariance);
  let logLikelihood = 0;
  const means: number[] = [];
  const covariances: number[] = [];
  const innovations: number[] = [];
  readings.forEach((reading, t) => {
    if (t > 0) {
      const step = steps?.[t - 1] ?? 0;
      const transition = block(model.transitions[step]!);
      mean = timesVector(transition, mean);
      covariance = plus(
        multiply(multiply(transition, covariance), transition.transpose()),
        block(model.noises[step]!),
      );
    }
    const innovation = reading - timesVector(row, mean)[0]!;
    innovations.push(innovation);
    if (!Number.isNaN(reading)) {
      const across = multiply(covariance, row.transpose());
      const variance = multiply(row, across).get(0, 0) + model.observationVariance;
      const gain = new Matrix(
        n,
        1,
        across.data.map((value) => value / variance),
      );
      mean = mean.map((value, k) => value + gain.get(k, 0) * innovation);
      const kept = plus(Matrix.identity(n), multiply(gain, row), -1);
      covariance = plus(
        multiply(multiply(kept, covariance), kept.transpose()),
        multiply(gain, gain.transpose()),
        model.observationVariance,
      );
      logLikelihood -= 0.5 * (Math.log(2 * Math.PI * variance) + innovation ** 2 / variance);
    }
    means.push(...mean);
    covariances.push(...covariance.data);
  });
  return { logLikelihood, means, covariances, innovations };
}

function randomModel(states: number, source: Dice): SmallModel {
  const rotation = (): number[] => [...random(states, states, source).data.map((value) => 0.5 * value)];
  return {
    transitions: [rotation(), rotation(), rotation()],
    noises: [positive(states, source).data, new Float64Array(states * states), positive(states, source).data],
    observation: [...random(1, states, source).data],
    observationVariance: 0.3,
    mean: [...random(1, states, source).data],
    covariance: positive(states, source).data,
  };
}

describe.each([1, 2, 3])("the unrolled filter of %i states", (states) => {
  const source = dice(`small ${states}`);
  const model = randomModel(states, source);
  const readings = Float64Array.from({ length: 60 }, (_, t) =>
    t % 7 === 3 ? Number.NaN : 3 * source.normal(),
  );
  // Steps of three kinds, in stretches: the second has no noise at all.
  const steps = Array.from({ length: 59 }, (_, t) => Math.floor(t / 4) % 3);
  const expected = plainly(model, readings, steps);

  test("agrees with plain matrix algebra to 1e-12, gaps and irregular steps included", () => {
    const found = smallFilter(model, readings, steps);
    expect(found.logLikelihood / expected.logLikelihood).toBeCloseTo(1, 12);
    found.mean.forEach((value, k) => {
      expect(value).toBeCloseTo(expected.means[59 * states + k]!, 11);
    });
    found.covariance.forEach((value, k) => {
      expect(value).toBeCloseTo(expected.covariances[59 * states ** 2 + k]!, 11);
    });
    expect(found.present).toBe(readings.filter((reading) => !Number.isNaN(reading)).length);
  });

  test("keeps what it is asked to keep, and keeping changes nothing", () => {
    const record = {
      means: new Float64Array(60 * states),
      covariances: new Float64Array(60 * states ** 2),
      innovations: new Float64Array(60),
      innovationVariances: new Float64Array(60),
    };
    const found = smallFilter(model, readings, steps, record);
    expect(found).toEqual(smallFilter(model, readings, steps));
    record.means.forEach((value, k) => {
      expect(value).toBeCloseTo(expected.means[k]!, 11);
    });
    record.covariances.forEach((value, k) => {
      expect(value).toBeCloseTo(expected.covariances[k]!, 11);
    });
    let sum = 0;
    record.innovations.forEach((value, t) => {
      if (Number.isNaN(readings[t])) {
        expect([value, record.innovationVariances[t]]).toEqual([NaN, NaN]);
        return;
      }
      expect(value).toBeCloseTo(expected.innovations[t]!, 11);
      sum += value ** 2 / record.innovationVariances[t]!;
    });
    expect(sum / found.squares).toBeCloseTo(1, 13);
  });

  test("with regular steps is the same with or without an index for each", () => {
    expect(smallFilter(model, readings)).toEqual(smallFilter(model, readings, new Uint8Array(59)));
  });

  test("takes no step after the last reading, nor before the first", () => {
    const one = smallFilter(model, Float64Array.of(Number.NaN));
    one.mean.forEach((value, k) => {
      expect(value).toBe(model.mean[k]);
    });
    expect(digits(one.covariance, model.covariance)).toBeGreaterThan(14);
    expect([one.logLikelihood, one.present]).toEqual([0, 0]);
    expect(smallFilter(model, new Float64Array(0)).present).toBe(0);
  });
});

describe("an unrolled filter", () => {
  const { transition, noise } = EXTREME;
  const first = plus(multiply(multiply(transition, EXTREME.start), transition.transpose()), noise);
  const extreme: SmallModel = {
    transitions: [transition.data],
    noises: [noise.data],
    observation: [1, 0],
    observationVariance: 1e-8,
    mean: [0, 0],
    covariance: first.data,
  };

  test("of two states keeps 15 digits of the run from 10¹² to 10⁻⁹, its first step included", () => {
    for (const [steps, posterior] of [[1, [1e-8, 5e-9, 5e-9, 5e11]] as const, ...EXTREME_POSTERIORS])
      expect(digits(smallFilter(extreme, new Float64Array(steps)).covariance, posterior)).toBeGreaterThan(15);
  });

  test("stays positive definite over 10⁵ ill-conditioned steps, and finite", () => {
    const record = { covariances: new Float64Array(4e5), innovationVariances: new Float64Array(1e5) };
    smallFilter(extreme, new Float64Array(1e5), undefined, record);
    expect(Math.min(...sampled(record.innovationVariances))).toBeGreaterThan(0);
    for (let t = 0; t < 1e5; t += 37)
      expect(() => cholesky(new Matrix(2, 2, record.covariances.slice(4 * t, 4 * t + 4)))).not.toThrow();
  });

  test.each([2, 3])(
    "of %i states, all but one known exactly and without noise, is that of one state",
    (n) => {
      const readings = Float64Array.of(0.3, -1, 2, 0.5);
      const first = (value: number): number[] => [value, ...new Array<number>(n * n - 1).fill(0)];
      const known: SmallModel = {
        transitions: [Matrix.identity(n).data],
        noises: [first(0.2)],
        observation: new Array<number>(n).fill(1),
        observationVariance: 0.5,
        mean: new Array<number>(n).fill(0),
        covariance: first(2),
      };
      const alone = smallFilter(
        { ...known, transitions: [[1]], noises: [[0.2]], observation: [1], mean: [0], covariance: [2] },
        readings,
      );
      const found = smallFilter(known, readings);
      expect(found.logLikelihood).toBeCloseTo(alone.logLikelihood, 14);
      expect([...found.covariance.subarray(1)].every((value) => value === 0)).toBe(true);
    },
  );

  test("of many readings of tiny or huge variance has a likelihood that neither vanishes nor overflows", () => {
    for (const unit of [1e-60, 1, 1e60]) {
      const model = {
        ...randomModel(1, dice("units")),
        mean: [0],
        covariance: [unit],
        observationVariance: unit,
      };
      const scaled = { ...model, transitions: [[1]], noises: [[0]], observation: [1] };
      // Var of reading t given those before is unit·(t + 2)/(t + 1): a product that telescopes.
      const expected = -0.5 * (500 * Math.log(2 * Math.PI * unit) + Math.log(501));
      expect(smallFilter(scaled, new Float64Array(500)).logLikelihood / expected).toBeCloseTo(1, 12);
    }
  });

  test("of an Ornstein–Uhlenbeck process at irregular times takes its steps from the exact discretisation", () => {
    // Two readings, a stationary start: the likelihood is that of a bivariate normal with correlation e^{−φΔ}·s²/(s² + r).
    const [phi, s2, r, gap] = [0.35, 2, 0.4, 1.7];
    const step = discretise(Matrix.diagonal([-phi]), Matrix.diagonal([2 * phi * s2]), gap);
    const { logLikelihood } = smallFilter(
      {
        transitions: [step.transition.data],
        noises: [step.noise.data],
        observation: [1],
        observationVariance: r,
        mean: [0],
        covariance: [s2],
      },
      Float64Array.of(0.5, -0.2),
    );
    const variance = s2 + r;
    const rho = (Math.exp(-phi * gap) * s2) / variance;
    const quadratic = (0.25 + 0.04 + 2 * rho * 0.1) / (variance * (1 - rho * rho));
    const expected = -Math.log(2 * Math.PI * variance) - 0.5 * Math.log(1 - rho * rho) - 0.5 * quadratic;
    expect(logLikelihood).toBeCloseTo(expected, 13);
  });

  test.each<[string, string, Partial<SmallModel>, number[]?, number[]?]>([
    ["four states", "BAD_SHAPE", { observation: [1, 0, 0, 0] }],
    ["a mean of another size", "BAD_SHAPE", { mean: [0] }],
    ["a transition of another size", "BAD_SHAPE", { transitions: [[1]] }],
    ["unequal numbers of transitions and noises", "BAD_SHAPE", { transitions: [] }],
    ["a transition that is NaN", "NOT_FINITE", { transitions: [[1, Number.NaN, 0, 1]] }],
    ["a mean that is infinite", "NOT_FINITE", { mean: [0, Infinity] }],
    ["a sensor without noise", "BAD_VARIANCE", { observationVariance: 0 }],
    ["a negative noise", "NOT_POSITIVE_SEMIDEFINITE", { noises: [[1, 0, 0, -1]] }],
    ["a start that is no covariance", "NOT_POSITIVE_SEMIDEFINITE", { covariance: [1, 2, 2, 1] }],
    ["an infinite reading", "BAD_READING", {}, [1, Infinity]],
    ["a belief that grows beyond doubles", "OVERFLOW", { transitions: [[1e200, 0, 0, 1e200]] }, [1, 1, 1]],
    [
      "a belief that does so after its last reading",
      "OVERFLOW",
      { transitions: [[1e200, 0, 0, 1e200]] },
      [1, Number.NaN, Number.NaN],
    ],
    ["too few steps", "BAD_SHAPE", {}, [1, 1, 1], [0]],
    ["a step that there is no transition for", "BAD_SHAPE", {}, [1, 1], [1]],
    ["a step with a broken index", "BAD_SHAPE", {}, [1, 1], [0.5]],
  ])("refuses %s", (_name, code, change, readings = [1, 2], steps = undefined) => {
    const model = { ...extreme, ...change };
    expect(refusal(() => smallFilter(model, Float64Array.from(readings), steps)).code).toBe(code);
  });

  test("refuses room of another size", () =>
    expect(
      refusal(() => smallFilter(extreme, new Float64Array(3), undefined, { means: new Float64Array(3) }))
        .message,
    ).toContain("room for 3 means"));
});

interface Nile {
  readonly y: readonly number[];
}
withReferenceData<Nile>(
  "calibration/kalman/nile.json",
  "the flow of the Nile from a proper start",
  ({ y }) => {
    test("has the published likelihood −641.585578459415", () => {
      const { logLikelihood } = smallFilter(
        {
          transitions: [[1]],
          noises: [[1469.1]],
          observation: [1],
          observationVariance: 15099,
          mean: [0],
          covariance: [1e7],
        },
        Float64Array.from(y),
      );
      expect(Math.abs(logLikelihood - -641.585578459415)).toBeLessThan(1e-9);
    });
  },
);

/** A thousandth of a long array: enough to spread into Math.min. */
const sampled = (values: Float64Array): number[] => [...values.filter((_, t) => t % 100 === 0)];
