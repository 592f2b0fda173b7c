import { inverseRegularisedBeta, regularisedBeta } from "@plumbline/twin/probability/beta-function";
import { chiSquaredQuantile } from "@plumbline/twin/probability/chi-squared";
import { erf, erfc } from "@plumbline/twin/probability/error-function";
import { fCdf } from "@plumbline/twin/probability/f";
import {
  digamma,
  inverseLowerGamma,
  inverseUpperGamma,
  logGamma,
  lowerGamma,
  upperGamma,
} from "@plumbline/twin/probability/gamma-function";
import { standardNormalCdf, standardNormalQuantile } from "@plumbline/twin/probability/normal";
import { studentTCdf, studentTQuantile } from "@plumbline/twin/probability/student-t";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

describe("arguments out of range", () => {
  test.each<[string, () => unknown]>([
    ["ln Γ of 0", () => logGamma(0)],
    ["ln Γ of NaN", () => logGamma(Number.NaN)],
    ["ψ below 0", () => digamma(-1)],
    ["an incomplete gamma function of shape 0", () => lowerGamma(0, 1)],
    ["the upper one of an infinite shape", () => upperGamma(Infinity, 1)],
    ["an incomplete beta function of shape −1", () => regularisedBeta(2, -1, 0.5)],
    ["no degrees of freedom", () => chiSquaredQuantile(0.5, 0)],
    ["a t of −2 degrees", () => studentTCdf(1, -2)],
    ["an F of no degrees", () => fCdf(1, 0, 3)],
    ["a probability above 1", () => standardNormalQuantile(1.0001)],
    ["a probability that is NaN", () => studentTQuantile(Number.NaN, 3)],
    ["a probability below 0", () => inverseLowerGamma(2, -1e-9)],
    ["a probability below 0 from above", () => inverseUpperGamma(2, -1e-9)],
    ["a beta probability above 1", () => inverseRegularisedBeta(2, 2, 1.5)],
  ])("are refused: %s", (_name, call) => expect(refusal(call).code).toBe("BAD_ARGUMENT"));

  test("a not-a-number in is a not-a-number out, and soon", () => {
    for (const value of [
      erf(Number.NaN),
      erfc(Number.NaN),
      standardNormalCdf(Number.NaN),
      lowerGamma(2, Number.NaN),
      upperGamma(2, Number.NaN),
      regularisedBeta(2, 3, Number.NaN),
      studentTCdf(Number.NaN, 3),
    ])
      expect(value).toBeNaN();
  });
});
