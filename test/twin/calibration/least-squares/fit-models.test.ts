import { fitLeastSquares } from "@plumbline/twin/calibration/least-squares/fit";
import type { LeastSquaresProblem } from "@plumbline/twin/calibration/least-squares/problem";
import type { Matrix } from "@plumbline/twin/linear-algebra/matrix";
import { describe, expect, test } from "vitest";
import { decay, noisy, shape, TIMES } from "./decay-problem.ts";

describe("a given Jacobian", () => {
  const y = noisy("jacobian", 0.1);
  const gradient = (time: number, [size, rate]: Float64Array): number[] => {
    const e = Math.exp(-(rate as number) * time);
    return [e, -(size as number) * time * e];
  };

  test("leads to the same fit as differences, with fewer runs", () => {
    const exact = fitLeastSquares(shape(y, { gradient }), [1, 3]);
    const differences = fitLeastSquares(shape(y), [1, 3]);
    for (const index of [0, 1]) {
      expect(exact.parameters[index]).toBeCloseTo(differences.parameters[index] as number, 11);
      expect(exact.standardErrors[index]).toBeCloseTo(differences.standardErrors[index] as number, 9);
    }
    expect(exact.evaluations.runs).toBeLessThan(differences.evaluations.runs / 2);
  });

  test("that is wrong is not called an optimum", () => {
    const wrong = (time: number, theta: Float64Array): number[] =>
      gradient(time, theta).map((slope) => -slope);
    const fit = fitLeastSquares(shape(y, { gradient: wrong }), [1, 3]);
    expect(fit.converged).toBe(false);
    expect(fit.findings[0]?.kind).toBe("not converged");
  });

  test("of which a column is half of what it should be is told, although the fit converges", () => {
    const halved = (time: number, theta: Float64Array): number[] => {
      const [size, rate] = gradient(time, theta) as [number, number];
      return [size, rate / 2];
    };
    const fit = fitLeastSquares(shape(y, { gradient: halved }), [1, 3]);
    const finding = fit.findings.find(({ kind }) => kind === "wrong Jacobian");
    expect(finding?.text).toContain("in rate, by up to 50 %");
    expect(finding?.value).toBeCloseTo(0.5, 6);
  });

  test("that is right is not accused, even where differences of the model are coarse or fail on one side", () => {
    const kinds = (change: object, start: readonly number[]): readonly string[] =>
      fitLeastSquares({ ...shape(y, { gradient }), ...change }, start).findings.map(({ kind }) => kind);
    const rounded = (theta: Float64Array, out: Float64Array): void =>
      TIMES.forEach((time, row) => {
        out[row] = Math.round(decay(time, theta) / 0.01) * 0.01;
      });
    const bounded = (theta: Float64Array, out: Float64Array): void => {
      if ((theta[1] as number) > 0.9) throw new Error("stiff");
      shape(y).simulate(theta, out);
    };
    expect(kinds({}, [1, 3])).not.toContain("wrong Jacobian");
    expect(kinds({ simulate: rounded }, [4, 0.6])).not.toContain("wrong Jacobian");
    expect(kinds({ simulate: bounded }, [4, 0.899999999])).not.toContain("wrong Jacobian");
  });

  test("that leaves entries out is a failure, not zeros", () => {
    const partial: LeastSquaresProblem = {
      ...shape(y),
      jacobian(_, out: Matrix) {
        out.set(0, 0, 1);
      },
    };
    expect(() => fitLeastSquares(partial, [1, 3])).toThrow(expect.objectContaining({ code: "MODEL_FAILS" }));
  });
});

describe("a model that fails", () => {
  const y = noisy("failing", 0.1);

  test("on part of its domain rejects steps, is counted, and the fit is the same", () => {
    const partly = {
      ...shape(y),
      simulate(theta: Float64Array, out: Float64Array) {
        if ((theta[1] as number) > 0.75) throw new Error("stiff");
        if ((theta[1] as number) < 0.1) out.fill(Number.NaN);
        else
          TIMES.forEach((time, row) => {
            out[row] = decay(time, theta);
          });
      },
    };
    // The optimum lies some 5 % from where the model stops: long difference steps fail there, and are shortened.
    const fit = fitLeastSquares(partly, [3, 0.5]);
    const free = fitLeastSquares(shape(y), [5, 0.7]);
    expect(fit.parameters[1]).toBeCloseTo(free.parameters[1] as number, 9);
    expect(fit.evaluations.failed).toBeGreaterThan(0);
    expect(fit.findings.find(({ kind }) => kind === "failed runs")?.text).toMatch(/stiff|NaN/);
  });

  test("at the start is a typed error that says so", () => {
    const nowhere = { ...shape(y), simulate: (_: Float64Array, out: Float64Array) => out.fill(Number.NaN) };
    expect(() => fitLeastSquares(nowhere, [1, 1])).toThrow(expect.objectContaining({ code: "MODEL_FAILS" }));
  });

  test("to respond to any parameter is not an optimum", () => {
    const deaf = { ...shape(y), simulate: (_: Float64Array, out: Float64Array) => out.fill(1) };
    const fit = fitLeastSquares(deaf, [1, 1]);
    expect(fit.converged).toBe(false);
    expect(fit.rank).toBe(0);
    expect([...fit.standardErrors]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  });
});

describe("a model with coarse output", () => {
  test("derivative step above solver tolerance: a fit through 1e-3 rounding lands within a tenth of a standard error", () => {
    const y = noisy("coarse", 0.05);
    const rounded = {
      ...shape(y),
      simulate(theta: Float64Array, out: Float64Array) {
        TIMES.forEach((time, row) => {
          out[row] = Math.round(decay(time, theta) / 1e-3) * 1e-3;
        });
      },
    };
    const fit = fitLeastSquares(rounded, [1, 2]);
    const smooth = fitLeastSquares(shape(y), [1, 2]);
    expect(fit.converged).toBe(true);
    for (const index of [0, 1]) {
      const error = smooth.standardErrors[index] as number;
      expect(Math.abs((fit.parameters[index] as number) - (smooth.parameters[index] as number))).toBeLessThan(
        error / 10,
      );
      expect((fit.standardErrors[index] as number) / error).toBeGreaterThan(0.9);
      expect((fit.standardErrors[index] as number) / error).toBeLessThan(1.1);
    }
  });

  test("whose declared noise hides the slopes says that they are coarse", () => {
    const fit = fitLeastSquares({ ...shape(noisy("declared", 0.05)), modelNoise: 0.05 }, [4, 0.6]);
    expect(fit.findings.map(({ kind }) => kind)).toContain("coarse slopes");
  });
});
