import { Evaluator } from "@plumbline/twin/calibration/problem/evaluator";
import { IntegrationError } from "@plumbline/twin/integration/failure";
import { integrate } from "@plumbline/twin/integration/integrate";
import type { InitialValueProblem } from "@plumbline/twin/integration/problem";
import type { OdeSystem } from "@plumbline/twin/integration/system";
import { describe, expect, test } from "vitest";
import { vanDerPol } from "../support/initial-value-problems.ts";
import { refusal } from "../support/refusals.ts";

const system = (f: (t: number, x: number) => number): OdeSystem => ({
  size: 1,
  derivative: (t, x, out) => {
    out[0] = f(t, x[0]!);
  },
});
const solve = (f: (t: number, x: number) => number, more: Partial<InitialValueProblem> = {}) =>
  integrate(system(f), { start: 0, initial: [1], times: [2], ...more });
const failure = (run: () => unknown): IntegrationError => {
  try {
    run();
  } catch (error) {
    if (error instanceof IntegrationError) return error;
    throw error;
  }
  throw new Error("the run did not fail");
};

describe.each(["explicit", "stiff", "auto"] as const)(
  "a run that cannot reach its end says so: %s",
  (method) => {
    test("a solution that leaves for infinity", () => {
      // x' = x², x(0) = 1: x = 1/(1 − t).
      const { code, reason, time, step } = failure(() => solve((_, x) => x * x, { method }));
      expect(code).toBe("INTEGRATION_FAILED");
      expect(["step-too-small", "model-failed"]).toContain(reason);
      expect(time).toBeCloseTo(1, 5);
      expect(step).toBeLessThan(1e-9);
    });

    test("a model that throws on part of its domain", () => {
      const broken = (t: number): number => {
        if (t > 0.5) throw new Error("pump is dry");
        return 1;
      };
      const error = failure(() => solve(broken, { method }));
      expect(error).toMatchObject({
        reason: "model-failed",
        message: expect.stringContaining("pump is dry"),
      });
      expect(error.time).toBeCloseTo(0.5, 6);
      expect(error.cause).toBeInstanceOf(Error);
    });

    test("a model that is not finite at the start, or beyond a point", () => {
      expect(failure(() => solve(() => Number.NaN, { method })).message).toContain("derivative 0 is NaN");
      expect(failure(() => solve((t) => Math.sqrt(0.5 - t), { method })).reason).toBe("model-failed");
    });
  },
);

test.each(["explicit", "stiff"] as const)(
  "a model that fails only where a step overshoots is solved with shorter steps, %s",
  (method) => {
    // √x is not defined below 0, and x = (1 − t/2)² touches it at t = 2 only.
    const { states } = solve((_, x) => -Math.sqrt(x), {
      method,
      times: [1.9],
      relativeTolerance: 1e-8,
      initialStep: 1.9,
    });
    expect(states.get(0, 0)).toBeCloseTo(0.05 ** 2, 8);
  },
);

test("a Jacobian that could not be differenced for a long step is made again for a shorter one", () => {
  // Defined up to 1e-6; the first step would move x by 100, and the difference reaches as far as its share of that.
  const { states, counts } = solve((_, x) => (x > 1e-6 ? Number.NaN : 1e-7 - x), {
    method: "stiff",
    initial: [0],
    times: [1e9],
    initialStep: 1e9,
    absoluteTolerance: 1e-13,
  });
  expect(states.get(0, 0)).toBeCloseTo(1e-7, 11);
  expect(counts.rejected).toBeGreaterThan(0);
});

test("a step that passes its error test but ends where the model has no value is not taken", () => {
  // The first stages see a smooth rise; only the slope at the end of the step does not exist.
  const edge: OdeSystem = {
    size: 1,
    autonomous: true,
    derivative: (_, x, out) => {
      out[0] = x[0]! > 2.4 ? Number.NaN : 1;
    },
  };
  const error = failure(() =>
    integrate(edge, { start: 0, initial: [1], times: [2], method: "stiff", initialStep: 1.45 }),
  );
  expect(error.reason).toBe("model-failed");
  expect(error.time).toBeCloseTo(1.4, 6);
  expect(error.time).toBeLessThanOrEqual(1.4);
});

test("too many steps are a failure that advises a stiff method", () => {
  const { system: stiff, initial, end } = vanDerPol;
  const error = failure(() =>
    integrate(stiff, { start: 0, initial, times: [end], method: "explicit", maxSteps: 1000 }),
  );
  expect(error).toMatchObject({ reason: "too-many-steps", hint: expect.stringContaining("stiff") });
});

test("an event whose value is not finite is a failure", () => {
  expect(
    refusal(() => solve(() => 1, { events: [{ id: "level", value: () => Number.NaN }] })).message,
  ).toContain("the value of event level is NaN");
});

test("an event that throws, in its value or in its change, is a failure that names it", () => {
  const fail = (): never => {
    throw new Error("no sensor");
  };
  const said = /model-failed at time .*: event level threw: no sensor/;
  expect(refusal(() => solve(() => 1, { events: [{ id: "level", value: fail }] })).message).toMatch(said);
  const crossing = { id: "level", value: (t: number) => t - 1, change: fail };
  expect(refusal(() => solve(() => 1, { events: [crossing] })).message).toMatch(said);
});

test.each(["explicit", "stiff"] as const)(
  "a derivative that forgets a state is a failure, not the state before: %s",
  (method) => {
    const forgetful: OdeSystem = {
      size: 2,
      derivative: (t, _, out) => {
        out[0] = 1;
        if (t < 0.5) out[1] = 1;
      },
    };
    const error = failure(() => integrate(forgetful, { start: 0, initial: [0, 0], times: [1], method }));
    expect(error.reason).toBe("model-failed");
    expect(error.time).toBeCloseTo(0.5, 6);
  },
);

test("a failed run is counted by the evaluator of a calibration", () => {
  const evaluator = new Evaluator();
  const out = new Float64Array(1);
  expect(evaluator.evaluate(() => solve((_, x) => x * x), out)).toBe(false);
  expect(evaluator.counts()).toMatchObject({ failed: 1, firstFailure: expect.stringContaining("at time") });
});

test.each<readonly [string, Partial<InitialValueProblem>, string]>([
  ["no times", { times: [] }, "BAD_SERIES"],
  ["decreasing times", { times: [1, 0.5] }, "BAD_SERIES"],
  ["equal times", { times: [1, 1] }, "BAD_SERIES"],
  ["times before the start", { times: [-1, 1] }, "BAD_SERIES"],
  ["a time that is not finite", { times: [1, Number.POSITIVE_INFINITY] }, "BAD_SERIES"],
  ["a start that is not finite", { start: Number.NaN }, "BAD_SERIES"],
  ["an initial state that is not finite", { initial: [Number.NaN] }, "BAD_SERIES"],
  ["an initial state of the wrong size", { initial: [1, 2] }, "BAD_SHAPE"],
  ["tolerances of the wrong size", { relativeTolerance: [1e-6, 1e-6] }, "BAD_SHAPE"],
  ["a negative tolerance", { absoluteTolerance: -1 }, "BAD_OPTION"],
  ["no tolerance at all", { relativeTolerance: 0, absoluteTolerance: 0 }, "BAD_OPTION"],
  ["a step bound of zero", { maxStep: 0 }, "BAD_OPTION"],
  ["an unknown method", { method: "bdf" as "stiff" }, "BAD_OPTION"],
  [
    "an unknown direction",
    { events: [{ id: "e", direction: "up" as "rising", value: (t) => t - 0.5 }] },
    "BAD_OPTION",
  ],
  ["discontinuities out of order", { discontinuities: [2, 1] }, "BAD_SERIES"],
])("%s: refused", (_, problem, code) => {
  const error = refusal(() => solve(() => 1, problem));
  expect(error).toMatchObject({ code });
});
