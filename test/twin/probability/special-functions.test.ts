import { inverseRegularisedBeta, logBeta, regularisedBeta } from "@plumbline/twin/probability/beta-function";
import {
  chiSquaredCdf,
  chiSquaredQuantile,
  chiSquaredSurvival,
} from "@plumbline/twin/probability/chi-squared";
import { erf, erfc } from "@plumbline/twin/probability/error-function";
import { fCdf, fSurvival } from "@plumbline/twin/probability/f";
import {
  digamma,
  inverseLowerGamma,
  inverseUpperGamma,
  logGamma,
  lowerGamma,
  upperGamma,
} from "@plumbline/twin/probability/gamma-function";
import {
  standardNormalCdf,
  standardNormalLogCdf,
  standardNormalQuantile,
} from "@plumbline/twin/probability/normal";
import { studentTCdf, studentTQuantile } from "@plumbline/twin/probability/student-t";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";

/** Expected values throughout: 40-digit arithmetic (mpmath), rounded to double. */
const relative = (found: number, expected: number): number => Math.abs(found / expected - 1);

describe("functions of one number", () => {
  test.each<[string, (x: number) => number, number, readonly (readonly [number, number])[]]>([
    [
      "ln Γ, also beside its zeros",
      logGamma,
      1e-15,
      [
        [1e-5, 11.512919692895826],
        [0.25, 1.2880225246980774],
        [1 + 2 ** -20, -5.504750066148867e-7],
        [1.5, -0.12078223763524522],
        [2 - 2 ** -30, -3.9374859519130207e-10],
        [3.75, 1.486815578593417],
        [9.5, 11.689333420797269],
        [12.25, 18.115669505710894],
        [150.5, 602.5139548705854],
        [1e6, 12815504.569147611],
      ],
    ],
    [
      "ψ",
      digamma,
      1e-15,
      [
        [0.125, -8.388492663295855],
        [1, -0.5772156649015329],
        [2.5, 0.7031566406452432],
        [30, 3.384438132685525],
      ],
    ],
    [
      "erf",
      erf,
      5e-16,
      [
        [1e-10, 1.1283791670955126e-10],
        [0.25, 0.27632639016823696],
        [-0.75, -0.7111556336535151],
        [1.25, 0.9229001282564583],
        [3, 0.9999779095030014],
      ],
    ],
    [
      "erfc, to the smallest doubles",
      erfc,
      1e-15,
      [
        [-1, 1.8427007929497148],
        [0.25, 0.7236736098317631],
        [0.5, 0.4795001221869535],
        [1.5, 0.033894853524689274],
        [5, 1.537459794428035e-12],
        [25.3, 2.293036860845902e-280],
        [26, 5.663192408856143e-296],
      ],
    ],
    [
      "Φ",
      standardNormalCdf,
      1e-15,
      [
        [-33.3, 1.93050550592784e-243],
        [-20.5, 1.0764673258790961e-93],
        [-5, 2.866515718791939e-7],
        [-1, 0.15865525393145705],
        [-0.25, 0.4012936743170763],
        [0.25, 0.5987063256829237],
        [3, 0.9986501019683699],
      ],
    ],
    [
      "ln Φ, at any distance",
      standardNormalLogCdf,
      1e-15,
      [
        [-300, -45006.62273211866],
        [-40, -804.6084420137538],
        [-8, -35.01343715991455],
        [-0.5, -1.1759117615936185],
        [0.5, -0.3689464152886564],
        [5, -2.866516129637636e-7],
      ],
    ],
    [
      "the normal quantile",
      standardNormalQuantile,
      1e-15,
      [
        [1e-300, -37.0470962993612],
        [1e-20, -9.262340089798407],
        [1e-5, -4.264890793922825],
        [0.025, -1.9599639845400543],
        [0.25, -0.6744897501960817],
        [0.5 + 2 ** -40, 2.2797651350911116e-12],
        [0.75, 0.6744897501960817],
        [0.995, 2.5758293035489004],
      ],
    ],
  ])("%s", (_name, of, tolerance, points) => {
    for (const [x, expected] of points) expect(relative(of(x), expected), `at ${x}`).toBeLessThan(tolerance);
  });

  test("at the ends of the line", () => {
    expect([erf(Infinity), erfc(-Infinity), erfc(Infinity)]).toEqual([1, 2, 0]);
    expect([standardNormalCdf(-Infinity), standardNormalCdf(Infinity)]).toEqual([0, 1]);
    expect([standardNormalQuantile(0), standardNormalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });
});

describe("the regularised incomplete gamma function", () => {
  test.each([
    [0.5, 0.25, 0.5204998778130465, 0.4795001221869535],
    [0.125, 1e-6, 0.18882856354885263, 0.8111714364511474],
    [0.0625, 0.5, 0.9639451442323156, 0.036054855767684364],
    [2 ** -20, 0.5, 0.9999994661580328, 5.338419671675147e-7],
    [3.5, 2, 0.22022259152428408, 0.779777408475716],
    [3.5, 12, 0.9988606488210525, 0.0011393511789474656],
    [100, 70, 0.00043037259497989087, 0.9995696274050201],
    [100, 150, 0.9999940754596646, 5.924540335483916e-6],
    [1e4, 10100, 0.8413487504471796, 0.15865124955282037],
    [1e4, 9700, 0.001234175584468492, 0.9987658244155315],
  ])("of shape %d at %d has both tails to their own digits", (shape, x, lower, upper) => {
    expect(relative(lowerGamma(shape, x), lower)).toBeLessThan(1e-13);
    expect(relative(upperGamma(shape, x), upper)).toBeLessThan(1e-13);
  });

  test("is undone by its inverses, from either tail", () => {
    const source = dice("inverse gamma");
    for (let round = 0; round < 400; round++) {
      const shape = 10 ** (4 * source.uniform() - 0.5);
      const probability = round % 2 ? source.uniform() : 10 ** (-20 * source.uniform());
      // A last bit of x moves the tail by x·p(x)/P, at most about √shape·|z| last bits: 1e-11 at the extremes here.
      expect(relative(lowerGamma(shape, inverseLowerGamma(shape, probability)), probability)).toBeLessThan(
        1e-11,
      );
      expect(relative(upperGamma(shape, inverseUpperGamma(shape, probability)), probability)).toBeLessThan(
        1e-11,
      );
    }
  });

  test("has the ends of the half-line", () => {
    expect([lowerGamma(2, 0), upperGamma(2, 0), lowerGamma(2, Infinity), upperGamma(2, Infinity)]).toEqual([
      0, 1, 1, 0,
    ]);
    expect([inverseLowerGamma(2, 0), inverseLowerGamma(2, 1)]).toEqual([0, Infinity]);
    expect(inverseLowerGamma(0.001, 1e-10)).toBe(0);
  });
});

describe("the regularised incomplete beta function", () => {
  test.each([
    [0.5, 0.5, 0.25, 1 / 3],
    [2, 3, 0.125, 0.078857421875],
    [30, 70, 0.25, 0.13581490428342743],
    [500, 300, 0.75, 0.9999999999999969],
    [0.0625, 8, 0.75, 0.9999998229253415],
    [1e4, 2, 0.999, 0.0004969068057475311],
  ])("I(%d, %d) at %d", (a, b, x, expected) => {
    expect(relative(regularisedBeta(a, b, x), expected)).toBeLessThan(1e-13);
    expect(regularisedBeta(b, a, 1 - x, x)).toBeCloseTo(1 - expected, 13);
  });

  test("is undone by its inverse", () => {
    const source = dice("inverse beta");
    for (let round = 0; round < 400; round++) {
      const a = 10 ** (4 * source.uniform() - 1);
      const b = 10 ** (4 * source.uniform() - 1);
      const probability = source.uniform();
      const x = inverseRegularisedBeta(a, b, probability);
      // Beside 1 a double cannot hold x to more than ε/(1 − x).
      if (x < 0.999) expect(relative(regularisedBeta(a, b, x), probability)).toBeLessThan(1e-11);
    }
    expect([inverseRegularisedBeta(2, 3, 0), inverseRegularisedBeta(2, 3, 1)]).toEqual([0, 1]);
  });

  test("ln B keeps its digits when one shape is a million times the other", () =>
    // B(a, ½) for a = 10⁶: √(π/a)·(1 + 1/(8a) + …).
    expect(logBeta(1e6, 0.5)).toBeCloseTo(0.5 * Math.log(Math.PI / 1e6) + 1 / 8e6, 14));
});

describe("χ², t and F", () => {
  /** Upper quantiles as printed in tables. */
  test.each([
    [1, [3.8415, 6.6349, 8.8075, 10.8276, 15.1367]],
    [2, [5.9915, 9.2103, 11.6183, 13.8155, 18.4207]],
    [3, [7.8147, 11.3449, 13.9314, 16.2662, 21.1075]],
    [4, [9.4877, 13.2767, 16.0143, 18.4668, 23.5127]],
    [9, [16.919, 21.666, 24.9741, 27.8772, 33.7199]],
  ] as const)("χ² gates of %i degrees are those of the tables", (freedom, expected) => {
    const gates = [0.95, 0.99, 0.997, 0.999, 0.9999].map((level) => chiSquaredQuantile(level, freedom));
    expect(gates.map((gate) => Number(gate.toFixed(4)))).toEqual(expected);
  });

  test("χ² of two degrees is exponential", () => {
    expect(relative(chiSquaredSurvival(60, 2), Math.exp(-30))).toBeLessThan(1e-14);
    expect(chiSquaredCdf(1, 2)).toBeCloseTo(1 - Math.exp(-0.5), 15);
  });

  test.each([
    [-3, 1, 0.10241638234956672],
    [-1, 2.5, 0.20203051363913674],
    [-12, 4, 0.00013821427425148649],
    [-0.125, 30, 0.450678713938546],
    [-4, 1000, 3.400495960439079e-5],
  ])("P(T ≤ %d) with %d degrees", (t, freedom, expected) => {
    expect(relative(studentTCdf(t, freedom), expected)).toBeLessThan(1e-13);
    expect(studentTCdf(-t, freedom)).toBeCloseTo(1 - expected, 15);
  });

  test.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 4, 2.7764451051977934],
    [0.975, 30, 2.0422724563012378],
    [0.025, 2.5, -3.574654842003683],
    [1e-10, 5, -156.8255927088943],
    [0.5 + 2 ** -30, 1, 2.9258361585343192e-9],
    [0.6, 9, 0.26095533647391095],
  ])("the t quantile at %d with %d degrees", (probability, freedom, expected) =>
    expect(relative(studentTQuantile(probability, freedom), expected)).toBeLessThan(1e-14),
  );

  test("t with 10⁷ degrees is all but normal, with half a degree still has quantiles at 1e-100", () => {
    expect(studentTQuantile(0.975, 1e7)).toBeCloseTo(1.9599639845400543, 6);
    const far = studentTQuantile(1e-100, 0.5);
    expect(relative(studentTCdf(far, 0.5), 1e-100)).toBeLessThan(1e-12);
    expect(studentTQuantile(1e-200, 0.5)).toBe(-Infinity);
    expect([studentTQuantile(0.5, 3), studentTQuantile(0, 3), studentTQuantile(1, 3)]).toEqual([
      0,
      -Infinity,
      Infinity,
    ]);
  });

  test("F: the variance ratio 0.6130 of two samples of 33, and its reciprocal", () => {
    expect(relative(fCdf(0.613, 33, 33), 0.08253142073343359)).toBeLessThan(1e-13);
    expect(fSurvival(1 / 0.613, 33, 33)).toBeCloseTo(0.08253142073343359, 14);
    expect([fCdf(-10, 2, 3), fSurvival(-10, 2, 3), fCdf(Infinity, 2, 3)]).toEqual([0, 1, 1]);
  });
});
