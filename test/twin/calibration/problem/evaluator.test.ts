import { Evaluator } from "@plumbline/twin/calibration/problem/evaluator";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";

const points = Array.from({ length: 30 }, (_, index) => index);

describe("the books of a model that fails", () => {
  test("failed runs are data: counted, retried, dropped, never given a value", () => {
    const evaluator = new Evaluator({ retries: 1 });
    const tries = new Map<number, number>();
    const values = evaluator.logDensities(points, (asked) =>
      asked.map((point) => {
        const attempt = (tries.get(point) ?? 0) + 1;
        tries.set(point, attempt);
        if (point === 3) return Number.NaN;
        if (point === 4 && attempt === 1) return Number.POSITIVE_INFINITY;
        return -point;
      }),
    );
    expect(values[3]).toBe(Number.NEGATIVE_INFINITY);
    expect(values[4]).toBe(-4);
    expect(values[29]).toBe(-29);
    expect(evaluator.counts()).toEqual({
      runs: 32,
      failed: 3,
      retried: 2,
      dropped: 1,
      firstFailure: "the log-likelihood was NaN",
    });
  });

  test("an impossible point is no failure and is not run again", () => {
    const evaluator = new Evaluator({ retries: 5, tolerated: 0 });
    evaluator.logDensities(points, (asked) => asked.map(() => Number.NEGATIVE_INFINITY));
    expect(evaluator.counts()).toMatchObject({ runs: 30, failed: 0, impossible: 30 });
  });

  test("a model that throws is heard, once", () => {
    const evaluator = new Evaluator();
    const value = evaluator.logDensity(() => {
      throw new Error("solver diverged at t = 3 s");
    });
    expect(value).toBe(Number.NEGATIVE_INFINITY);
    expect(evaluator.counts()).toMatchObject({ failed: 1, firstFailure: "solver diverged at t = 3 s" });
  });

  test("too many failures end the calibration, and so does a pool that loses count", () => {
    const failing = (): unknown =>
      new Evaluator().logDensities(points, (asked) => asked.map((point) => (point % 3 ? Number.NaN : 0)));
    expect(refusal(failing)).toMatchObject({ code: "MODEL_FAILS" });
    expect(refusal(() => new Evaluator().logDensities(points, () => [1, 2]))).toMatchObject({
      code: "WRONG_COUNT",
    });
  });

  test.each([{ retries: -1 }, { retries: Number.NaN }, { retries: 0.5 }, { tolerated: Number.NaN }])(
    "refuses the policy %o",
    (policy) => {
      expect(refusal(() => new Evaluator(policy))).toMatchObject({ code: "BAD_OPTION" });
    },
  );
});
