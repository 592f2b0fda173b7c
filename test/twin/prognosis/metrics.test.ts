import { scorePrognosis } from "@plumbline/twin/prognosis/metrics";
import { describe, expect, test } from "vitest";
import { refusal } from "../support/refusals.ts";

const around = (at: number, centre: number, half: number) => ({
  at,
  times: Float64Array.from({ length: 101 }, (_, index) => centre + half * (index / 50 - 1)),
});

describe("against an event at 10, predictions", () => {
  test("that are right keep the whole horizon, an accuracy of one and every α–λ", () => {
    const score = scorePrognosis([around(0, 10, 0.1), around(5, 10, 0.1), around(9, 10, 0.1)], 10);
    expect(score.prognosticHorizon).toBe(10);
    expect(score.cumulativeRelativeAccuracy).toBeCloseTo(1, 12);
    expect(score.alphaLambda.map(({ lambda, within }) => [lambda, within])).toEqual([
      [0, true],
      [0.5, true],
      [0.9, true],
    ]);
  });

  test("have a cone that narrows: an error of 1 is allowed 8 before the event and not 2 before it", () => {
    const score = scorePrognosis([around(0, 11, 0.01), around(2, 11, 0.01), around(8, 11, 0.01)], 10);
    expect(score.alphaLambda.map(({ within }) => within)).toEqual([true, true, false]);
    expect(score.alphaLambda.map(({ relativeAccuracy }) => relativeAccuracy)).toEqual([
      expect.closeTo(0.9, 12),
      expect.closeTo(1 - 1 / 8, 12),
      expect.closeTo(0.5, 12),
    ]);
  });

  test("have a horizon that starts after the last bad one", () => {
    const score = scorePrognosis(
      [around(0, 10, 1), around(4, 20, 1), around(6, 10, 1), around(8, 10, 1)],
      10,
    );
    expect(score.prognosticHorizon).toBe(4);
    expect(score.cumulativeRelativeAccuracy).toBeCloseTo(1, 12);
  });

  test("that never come right have no horizon and no accuracy", () => {
    const never = { at: 0, times: new Float64Array(9).fill(Number.POSITIVE_INFINITY) };
    expect(scorePrognosis([never], 10)).toEqual({
      alphaLambda: [{ at: 0, lambda: 0, mass: 0, within: false, relativeAccuracy: Number.NEGATIVE_INFINITY }],
      prognosticHorizon: 0,
      cumulativeRelativeAccuracy: null,
    });
  });

  test("must come before the event and in order", () => {
    for (const bad of [[], [around(11, 12, 1)], [around(3, 10, 1), around(2, 10, 1)]])
      expect(refusal(() => scorePrognosis(bad, 10)).code).toBe("BAD_PREDICTIONS");
  });

  test.each([
    ["no event times", []],
    ["a time that is NaN", [Number.NaN, 3]],
    ["a later time that is NaN", [3, Number.NaN]],
    ["times that descend", [4, 3]],
  ])("with %s are refused, not scored", (_, times) =>
    expect(refusal(() => scorePrognosis([{ at: 1, times: Float64Array.from(times) }], 30)).code).toBe(
      "BAD_PREDICTIONS",
    ),
  );

  test("are scored within limits that are some", () => {
    for (const limits of [{ alpha: -1 }, { alpha: Number.NaN }, { beta: 2 }])
      expect(refusal(() => scorePrognosis([around(0, 10, 1)], 10, limits)).code).toBe("BAD_PREDICTIONS");
  });
});
