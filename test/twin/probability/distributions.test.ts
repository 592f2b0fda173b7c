import { beta } from "@plumbline/twin/probability/beta";
import { cauchy } from "@plumbline/twin/probability/cauchy";
import type { Parametric } from "@plumbline/twin/probability/distribution";
import { exponential } from "@plumbline/twin/probability/exponential";
import { flat } from "@plumbline/twin/probability/flat";
import { gamma } from "@plumbline/twin/probability/gamma";
import { halfCauchy } from "@plumbline/twin/probability/half-cauchy";
import { halfNormal } from "@plumbline/twin/probability/half-normal";
import { inverseGamma } from "@plumbline/twin/probability/inverse-gamma";
import { logNormal } from "@plumbline/twin/probability/log-normal";
import { normal } from "@plumbline/twin/probability/normal";
import { studentT } from "@plumbline/twin/probability/student-t";
import { truncated } from "@plumbline/twin/probability/truncated";
import { uniform } from "@plumbline/twin/probability/uniform";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

/** A family, a point, and ln of its density there by 40-digit arithmetic. */
const FAMILIES: readonly (readonly [string, Parametric, number, number])[] = [
  ["normal", normal(0.5, 2), 1.25, -1.682398213764618],
  ["half-normal", halfNormal(2), 1.25, -1.1142510332046727],
  ["log-normal", logNormal(0.5, 2), 1.25, -1.8448104517261912],
  ["uniform", uniform(0, 3), 1.25, -Math.log(3)],
  ["exponential", exponential(2), 1.25, -1.8068528194400546],
  ["gamma", gamma(3.5, 2), 1.25, -0.7170995921017412],
  ["gamma of a shape below 1", gamma(0.3, 1), 1, -1 - 1.0957979948180756],
  ["inverse gamma", inverseGamma(3.5, 2), 1.25, -1.3791044513012096],
  ["beta", beta(2.5, 1.5), 0.25, -0.5954237415153454],
  ["Student's t", studentT(4, 0.5, 2), 2, -2.00291732804347],
  ["Cauchy", cauchy(0.5, 2), 1.25, -1.9694534241980648],
  ["half-Cauchy", halfCauchy(2), 1.25, -1.474483172221868],
];

describe.each(FAMILIES)("the %s distribution", (name, family, point, logDensity) => {
  test("has its density with full constants", () =>
    expect(family.logDensity(point) / logDensity).toBeCloseTo(1, 14));

  test("has the density that is the slope of its cdf", () => {
    for (const probability of [0.1, 0.3, 0.6, 0.9]) {
      const x = family.quantile(probability);
      const step = 1e-5 * (Math.abs(x) + 0.01);
      const slope = (family.cdf(x + step) - family.cdf(x - step)) / (2 * step);
      expect(slope / Math.exp(family.logDensity(x))).toBeCloseTo(1, 6);
    }
  });

  test("is read in both directions, from both tails", () => {
    for (const probability of [1e-12, 1e-3, 0.2, 0.5, 0.8, 0.999]) {
      expect(family.cdf(family.quantile(probability)) / probability).toBeCloseTo(1, 12);
      const upper = family.survival(family.inverseSurvival(probability));
      // Where the support ends at a number, what is left beside it is a difference of doubles.
      expect(Math.abs(upper - probability)).toBeLessThan(
        Number.isFinite(family.support[1]) ? 1e-15 : 1e-12 * probability,
      );
      const x = family.quantile(probability);
      expect(family.cdf(x) + family.survival(x)).toBeCloseTo(1, 14);
    }
    const ends = [
      family.quantile(0),
      family.quantile(1),
      family.inverseSurvival(1),
      family.inverseSurvival(0),
    ];
    expect(ends.map((x) => x + 0)).toEqual([...family.support, ...family.support]);
  });

  test("has no density and no mass outside its support", () => {
    const [low, high] = family.support;
    if (low > -Infinity) {
      expect(family.logDensity(low - 1)).toBe(-Infinity);
      expect([family.cdf(low - 1), family.survival(low - 1)]).toEqual([0, 1]);
    }
    expect(family.logDensity(high + 1)).toBe(-Infinity);
    expect([family.cdf(high + 1), family.survival(high + 1)]).toEqual([1, 0]);
    expect(family.logDensity(Number.NaN)).toBeNaN();
  });

  test("draws what its cdf says: Kolmogorov's distance of 20,000 draws", () => {
    const n = 20_000;
    const source = dice(`draws ${name}`);
    const shares = Float64Array.from({ length: n }, () => family.cdf(family.sample(source))).sort();
    const distance = shares.reduce((most, share, k) => Math.max(most, share - k / n, (k + 1) / n - share), 0);
    // P(√n D > 2.4) < 2 exp(−2 · 2.4²) = 2e-5 (Kolmogorov's series, first term).
    expect(distance * Math.sqrt(n)).toBeLessThan(2.4);
  });

  test("refuses to read a probability that is none", () => {
    for (const probability of [-0.1, 1.1, Number.NaN]) {
      expect(refusal(() => family.quantile(probability)).code).toBe("BAD_ARGUMENT");
      expect(refusal(() => family.inverseSurvival(probability)).code).toBe("BAD_ARGUMENT");
    }
  });
});

describe("moments", () => {
  test.each(FAMILIES.filter(([, family]) => Number.isFinite(family.variance)))(
    "of the %s distribution are the integrals of its quantile function",
    (_name, family) => {
      // ∫ g(x) p(x) dx = ∫ g(q(u)) du, u = s²(3 − 2s) to tame the ends; midpoint rule.
      const steps = 20_000;
      let mean = 0;
      let square = 0;
      for (let k = 0; k < steps; k++) {
        const s = (k + 0.5) / steps;
        const upper = (1 - s) ** 2 * (1 + 2 * s);
        const x = s < 0.5 ? family.quantile(s * s * (3 - 2 * s)) : family.inverseSurvival(upper);
        const weight = (6 * s * (1 - s)) / steps;
        mean += weight * x;
        square += weight * (x - family.mean) ** 2;
      }
      expect(Math.abs(mean - family.mean) / Math.sqrt(family.variance)).toBeLessThan(2e-3);
      // The tail of a log-normal of sigma 2 holds a tenth of its variance beyond what 20,000 points see.
      expect(square / family.variance).toBeCloseTo(1, family.variance > 1000 ? -1 : 1);
    },
  );

  test("that do not exist are not numbers, those that diverge are infinite", () => {
    expect([cauchy(0, 1).mean, halfCauchy(1).mean, halfCauchy(1).variance]).toEqual([NaN, Infinity, NaN]);
    expect([studentT(1).mean, studentT(1.5).variance, studentT(1).variance]).toEqual([NaN, Infinity, NaN]);
    expect([inverseGamma(0.5, 1).mean, inverseGamma(1.5, 1).variance, inverseGamma(1, 1).variance]).toEqual([
      Infinity,
      Infinity,
      NaN,
    ]);
  });
});

describe("edges of densities", () => {
  test("at zero: finite, infinite or none, as the shape says", () => {
    expect(gamma(1, 2).logDensity(0)).toBeCloseTo(Math.LN2, 14);
    expect(gamma(2, 2).logDensity(0)).toBe(-Infinity);
    expect(gamma(0.5, 2).logDensity(0)).toBe(Infinity);
    expect(beta(1, 2).logDensity(0)).toBeCloseTo(Math.LN2, 14);
    expect(beta(2, 1).logDensity(1)).toBeCloseTo(Math.LN2, 14);
    expect(inverseGamma(2, 1).logDensity(0)).toBe(-Infinity);
    expect(logNormal(0, 1).logDensity(0)).toBe(-Infinity);
  });

  test("half-distributions are not the whole ones cut: their mass is one", () => {
    expect(halfNormal(2).logDensity(1)).toBeCloseTo(Math.LN2 + normal(0, 2).logDensity(1), 14);
    expect(halfCauchy(2).logDensity(1)).toBeCloseTo(Math.LN2 + cauchy(0, 2).logDensity(1), 14);
  });

  test("a beta of tiny shapes draws numbers, not 0/0", () => {
    const source = dice("tiny");
    const tiny = beta(1e-3, 1e-3);
    for (let k = 0; k < 200; k++) {
      const x = tiny.sample(source);
      expect(x >= 0 && x <= 1).toBe(true);
    }
  });
});

describe("a truncated distribution", () => {
  test("is the whole one over its mass inside", () => {
    const inside = truncated(normal(0, 1), -1, 2);
    // Φ(2) − Φ(−1) = 0.8185946141203637.
    expect(inside.logDensity(0.5)).toBeCloseTo(
      normal(0, 1).logDensity(0.5) - Math.log(0.8185946141203637),
      14,
    );
    expect([inside.logDensity(-1.01), inside.logDensity(2.01)]).toEqual([-Infinity, -Infinity]);
    expect(inside.cdf(0)).toBeCloseTo((0.5 - 0.15865525393145705) / 0.8185946141203637, 14);
    expect([inside.cdf(-2), inside.cdf(3), inside.survival(-2), inside.survival(3)]).toEqual([0, 1, 1, 0]);
    expect(inside.support).toEqual([-1, 2]);
  });

  test.each([
    ["in the bulk", truncated(normal(0, 1), -1, 2)],
    ["far in the upper tail", truncated(normal(0, 1), 20, 21)],
    ["far in the lower tail", truncated(normal(0, 1), -30, -29)],
    ["half open", truncated(studentT(3), 0, Infinity)],
  ] as const)("%s is read in both directions, and draws inside", (_name, distribution) => {
    const source = dice("truncated");
    for (const probability of [1e-6, 0.1, 0.5, 0.9]) {
      // At z = 30 the last bit of z moves the tail by 30² last bits, and a share of 1e-6 by a million times that.
      expect(distribution.cdf(distribution.quantile(probability)) / probability).toBeCloseTo(1, 6);
      expect(distribution.survival(distribution.inverseSurvival(probability)) / probability).toBeCloseTo(
        1,
        6,
      );
      const x = distribution.sample(source);
      expect(x >= distribution.support[0] && x <= distribution.support[1]).toBe(true);
    }
    expect([distribution.quantile(0), distribution.quantile(1)]).toEqual([...distribution.support]);
  });

  test("to where nothing is, is refused", () =>
    expect(refusal(() => truncated(normal(0, 1), 50, 51)).code).toBe("EMPTY"));
});

describe("the flat prior", () => {
  test("adds nothing to a log density inside, and is not to be drawn from", () => {
    expect([flat().logDensity(1e9), flat(0).logDensity(-1), flat(0, 1).logDensity(0.5)]).toEqual([
      0,
      -Infinity,
      0,
    ]);
    const { code, hint } = refusal(() => flat(0).sample(dice(1)));
    expect(code).toBe("IMPROPER");
    expect(hint).toContain("uniform(low, high)");
  });
});

test.each<[string, () => unknown]>([
  ["a mean that is NaN", () => normal(Number.NaN, 1)],
  ["a negative standard deviation", () => normal(0, -1)],
  ["a scale of 0", () => halfNormal(0)],
  ["an infinite scale", () => halfCauchy(Infinity)],
  ["a scale that is NaN", () => cauchy(0, Number.NaN)],
  ["an infinite location", () => cauchy(Infinity, 1)],
  ["sigma 0", () => logNormal(0, 0)],
  ["an empty interval", () => uniform(1, 1)],
  ["an infinite interval", () => uniform(0, Infinity)],
  ["a shape of 0", () => gamma(0, 1)],
  ["a rate below 0", () => gamma(1, -1)],
  ["an inverse gamma of shape 0", () => inverseGamma(0, 1)],
  ["an inverse gamma of scale 0", () => inverseGamma(1, 0)],
  ["a beta of shape 0", () => beta(0, 1)],
  ["a t of no degrees", () => studentT(0)],
  ["a rate of 0", () => exponential(0)],
  ["bounds in the wrong order", () => truncated(normal(0, 1), 2, 1)],
  ["flat bounds in the wrong order", () => flat(2, 1)],
])("refuses %s", (_name, call) => expect(refusal(call).code).toBe("BAD_ARGUMENT"));
