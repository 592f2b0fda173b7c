import { discretise, discretiseInput } from "@plumbline/twin/linear-algebra/discretise";
import { exponential } from "@plumbline/twin/linear-algebra/exponential";
import { Matrix, multiply, plus } from "@plumbline/twin/linear-algebra/matrix";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../support/reference-data.ts";
import { refusal } from "../support/refusals.ts";
import { digits, largestDifference, positive, random } from "./matrices.ts";

describe("the exponential of a matrix", () => {
  /** Expected values by 40-digit arithmetic. */
  test.each<[string, number[][], number[], number]>([
    [
      "a damped oscillation",
      [
        [0, 3],
        [-12, -1.5],
      ],
      [0.4275428418845252, -0.07719370275006036, 0.30877481100024146, 0.46613969325955534],
      14,
    ],
    [
      "Moler's classic, in which a Taylor series loses everything",
      [
        [-49, 24],
        [-64, 31],
      ],
      [-0.7357587581447531, 0.5518190996580977, -1.4715175990882605, 1.1036382407155725],
      13,
    ],
    [
      "eigenvalues that all but coincide",
      [
        [1, 2 ** 20],
        [0, 1 + 2 ** -20],
      ],
      [Math.E, 2850326.445699618, 0, 2.718284420815846],
      8,
    ],
  ])("of %s", (_name, rows, expected, wanted) =>
    expect(digits(exponential(Matrix.from(rows)).data, expected)).toBeGreaterThan(wanted),
  );

  test("of a rotation is orthogonal, of a diagonal the scalar ones, of zero the identity", () => {
    const turn = exponential(
      Matrix.from([
        [0, -100],
        [100, 0],
      ]),
    );
    expect(digits(turn.data, [Math.cos(100), -Math.sin(100), Math.sin(100), Math.cos(100)])).toBeGreaterThan(
      13,
    );
    expect(
      digits(exponential(Matrix.diagonal([-30, 2])).diagonal(), [Math.exp(-30), Math.exp(2)]),
    ).toBeGreaterThan(13);
    expect(exponential(new Matrix(3, 3))).toEqual(Matrix.identity(3));
  });

  test("turns sums of commuting exponents into products", () => {
    const matrix = random(6, 6, dice("exp"));
    const half = exponential(
      new Matrix(
        6,
        6,
        matrix.data.map((value) => value / 2),
      ),
    );
    const whole = exponential(matrix);
    expect(
      largestDifference(multiply(half, half), whole) / Math.max(...whole.data.map(Math.abs)),
    ).toBeLessThan(1e-14);
  });

  test("tells an overflow, a wrong shape and what is not finite", () => {
    expect(refusal(() => exponential(Matrix.from([[1000]])))).toMatchObject({ code: "OVERFLOW" });
    expect(refusal(() => exponential(new Matrix(1, 2)))).toMatchObject({ code: "BAD_SHAPE" });
    expect(refusal(() => exponential(Matrix.from([[Number.NaN]])))).toMatchObject({ code: "NOT_FINITE" });
  });
});

describe("exact discretisation", () => {
  /** Both by 400-digit arithmetic. The block exponential of the second would overflow. */
  test.each<[string, number[][], number[][], number, number[], number[]]>([
    [
      "a damped oscillator",
      [
        [0, 1],
        [-4, -0.5],
      ],
      [
        [0, 0],
        [0, 1],
      ],
      0.1,
      [0.9803944708854309, 0.09689220298516023, -0.3875688119406409, 0.9319483693928508],
      [0.00031857136500150626, 0.004694049499658746, 0.004694049499658746, 0.09391984078873658],
    ],
    [
      "a mode of 5 ms seen after 3 s beside one of 8 s",
      [
        [-200, 3],
        [0, -0.125],
      ],
      [
        [2, 0.5],
        [0.5, 1e-6],
      ],
      3,
      [2.6503965530043108e-261, 0.010315786548457368, 0, 0.6872892787909722],
      [0.005037477050915331, 0.002498470078757964, 0.002498470078757964, 2.110533789035941e-6],
    ],
    [
      "noise that dwarfs the dynamics",
      [
        [0, 1],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 1e6],
      ],
      2 ** -10,
      [1, 2 ** -10, 0, 1],
      [0.0003104408582051595, 0.476837158203125, 0.476837158203125, 976.5625],
    ],
  ])("of %s", (_name, drift, density, elapsed, transition, noise) => {
    const found = discretise(Matrix.from(drift), Matrix.from(density), elapsed);
    expect(digits(found.noise.data, noise)).toBeGreaterThan(12);
    // A factor that has decayed by 260 orders of magnitude is the ten-thousandth power of something rounded.
    expect(digits(found.transition.data, transition)).toBeGreaterThan(transition[0]! < 1e-100 ? 11 : 13);
  });

  test("of two steps is one step of their sum: Φ and Q compose", () => {
    const drift = plus(random(4, 4, dice("drift")), Matrix.identity(4), -2);
    const density = positive(4, dice("density"));
    const [first, second, whole] = [0.3, 1.7, 2].map((elapsed) => discretise(drift, density, elapsed));
    const noise = plus(
      second!.noise,
      multiply(multiply(second!.transition, first!.noise), second!.transition.transpose()),
    );
    expect(largestDifference(noise, whole!.noise)).toBeLessThan(1e-13 * whole!.noise.get(0, 0));
    expect(
      largestDifference(multiply(second!.transition, first!.transition), whole!.transition),
    ).toBeLessThan(1e-14);
  });

  test("after a long gap is the stationary covariance, symmetric to the last bit", () => {
    const { transition, noise } = discretise(Matrix.diagonal([-1, -3]), Matrix.diagonal([4, 6]), 1e6);
    expect(digits(noise.diagonal(), [2, 1])).toBeGreaterThan(15);
    expect([...transition.data]).toEqual([0, 0, 0, 0]);
    expect(noise).toEqual(noise.transpose());
  });

  test("is linear in the noise: huge densities cost no digits of small ones", () => {
    const drift = Matrix.from([
      [0, 1],
      [-4, -0.5],
    ]);
    const [small, huge] = [1, 2 ** 60].map((unit) => discretise(drift, Matrix.diagonal([0, unit]), 0.1));
    expect(huge?.noise.data.map((value) => value * 2 ** -60)).toEqual(small?.noise.data);
    expect(huge?.transition).toEqual(small?.transition);
  });

  test("of no time at all: nothing happened", () => {
    const { transition, noise } = discretise(Matrix.diagonal([-1]), Matrix.diagonal([4]), 0);
    expect([...transition.data, ...noise.data]).toEqual([1, 0]);
    const { start, end } = discretiseInput(Matrix.diagonal([-1]), Matrix.diagonal([4]), 0);
    expect([...start.data, ...end.data]).toEqual([0, 0]);
  });

  test("of inputs that are held, or run straight from one value to the next", () => {
    // exp of the block matrix by 40-digit arithmetic; T = 4.
    const drift = Matrix.from([
      [-0.5, 0.25],
      [0.125, -1],
    ]);
    const { transition, start, end } = discretiseInput(drift, Matrix.from([[2], [1]]), 4);
    expect(
      digits(
        transition.data,
        [0.155236027416277, 0.06320138668368477, 0.03160069334184239, 0.028833254048907478],
      ),
    ).toBeGreaterThan(13);
    expect(digits(plus(start, end).data, [3.9537448497079746, 1.4021834654809047])).toBeGreaterThan(13);
    expect(digits(end.data, [2.504378284758293, 0.9625014192245605])).toBeGreaterThan(13);
  });

  test.each<[string, string, () => unknown]>([
    ["time that runs backwards", "BAD_TIME", () => discretise(Matrix.identity(1), Matrix.identity(1), -1)],
    ["an endless step", "BAD_TIME", () => discretiseInput(Matrix.identity(1), Matrix.identity(1), Infinity)],
    [
      "a growing mode over a long gap",
      "OVERFLOW",
      () => discretise(Matrix.identity(1), Matrix.identity(1), 1e4),
    ],
    [
      "noise that grows beyond doubles, though the transition does not",
      "OVERFLOW",
      () => discretise(Matrix.identity(1), Matrix.identity(1), 600),
    ],
    [
      "a growing mode without any noise",
      "OVERFLOW",
      () => discretise(Matrix.identity(1), new Matrix(1, 1), 1000),
    ],
    ["noise of another size", "BAD_SHAPE", () => discretise(Matrix.identity(2), Matrix.identity(1), 1)],
    [
      "an input of another size",
      "BAD_SHAPE",
      () => discretiseInput(Matrix.identity(2), Matrix.identity(1), 1),
    ],
    [
      "a rate that is NaN",
      "NOT_FINITE",
      () => discretise(Matrix.diagonal([Number.NaN]), Matrix.identity(1), 1),
    ],
    [
      "a noise that is NaN",
      "NOT_FINITE",
      () => discretise(Matrix.identity(1), Matrix.diagonal([Number.NaN]), 1),
    ],
  ])("refuses %s", (_name, code, call) => expect(refusal(call).code).toBe(code));
});

interface Fixtures {
  readonly van_loan: {
    readonly F: number[][];
    readonly dt: number;
    readonly Fd_Qd: readonly [number[][], number[][]];
  };
  readonly [name: string]: unknown;
}

withReferenceData<Fixtures>(
  "calibration/kalman/filterpy_fixtures.json",
  "recorded discretisations",
  (data) => {
    test("of a damped oscillator agree to 1e-12", () => {
      const { F, dt, Fd_Qd } = data.van_loan;
      const { transition, noise } = discretise(Matrix.from(F), Matrix.diagonal([0, 1]), dt);
      expect(largestDifference(transition, Matrix.from(Fd_Qd[0]))).toBeLessThan(1e-12);
      expect(largestDifference(noise, Matrix.from(Fd_Qd[1]))).toBeLessThan(1e-12);
    });

    test("of white jerk over half a unit of time agree to 1e-12", () => {
      const chain = Matrix.from([
        [0, 1, 0],
        [0, 0, 1],
        [0, 0, 0],
      ]);
      const { noise } = discretise(chain, Matrix.diagonal([0, 0, 2]), 0.5);
      expect(
        largestDifference(noise, Matrix.from(data["Q_continuous_white_noise(3,.5,2)"] as number[][])),
      ).toBeLessThan(1e-12);
    });
  },
);
