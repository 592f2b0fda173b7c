import { fitLeastSquares } from "@plumbline/twin/calibration/least-squares/fit";
import { multiStart } from "@plumbline/twin/calibration/least-squares/multi-start";
import { curve } from "@plumbline/twin/calibration/least-squares/problem";
import { log10 } from "@plumbline/twin/optimisation/transforms";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { decay, noisy, shape, TIMES } from "./decay-problem.ts";

describe("a straight line, whose least squares are known in closed form", () => {
  const x = [1, 2, 4, 7, 11];
  const y = [2.1, 2.9, 5.2, 7.8, 12.3];
  const line = curve({
    parameters: ["intercept", "slope"],
    x,
    y,
    model: (at, [a, b]) => (a as number) + (b as number) * at,
  });
  const meanX = 5;
  const meanY = 6.06;
  const sxx = x.reduce((sum, at) => sum + (at - meanX) ** 2, 0);
  const slope = x.reduce((sum, at, row) => sum + (at - meanX) * ((y[row] as number) - meanY), 0) / sxx;
  const intercept = meanY - slope * meanX;
  const rss = x.reduce((sum, at, row) => sum + ((y[row] as number) - intercept - slope * at) ** 2, 0);

  test("has the textbook's estimates, standard errors and correlation", () => {
    const fit = fitLeastSquares(line, [0, 0]);
    const s2 = rss / 3;
    expect(fit.parameters[0]).toBeCloseTo(intercept, 12);
    expect(fit.parameters[1]).toBeCloseTo(slope, 12);
    expect(fit.residualSumOfSquares).toBeCloseTo(rss, 12);
    expect(fit.standardErrors[1]).toBeCloseTo(Math.sqrt(s2 / sxx), 10);
    expect(fit.standardErrors[0]).toBeCloseTo(Math.sqrt(s2 * (1 / 5 + meanX ** 2 / sxx)), 10);
    expect(fit.correlation.get(0, 1)).toBeCloseTo(-meanX / Math.sqrt(sxx / 5 + meanX ** 2), 10);
    expect([fit.dof, fit.rank, fit.noiseScale, fit.converged]).toEqual([3, 2, "estimated", true]);
  });

  test("with known noise has standard errors that do not depend on the residuals", () => {
    const known = fitLeastSquares({ ...line, noise: new Float64Array(5).fill(0.5) }, [0, 0]);
    expect(known.standardErrors[1]).toBeCloseTo(0.5 / Math.sqrt(sxx), 10);
    expect(known.noiseScale).toBe("known");
  });

  test("with weights counts a reading of weight 4 like four readings", () => {
    const weighted = fitLeastSquares(
      { ...line, noise: Float64Array.of(1, 1, 0.5, 1, 1), noiseScale: "estimated" },
      [0, 0],
    );
    const repeated = fitLeastSquares(
      curve({
        parameters: ["intercept", "slope"],
        x: [1, 2, 4, 4, 4, 4, 7, 11],
        y: [2.1, 2.9, 5.2, 5.2, 5.2, 5.2, 7.8, 12.3],
        model: (at, [a, b]) => (a as number) + (b as number) * at,
      }),
      [0, 0],
    );
    expect(weighted.parameters[1]).toBeCloseTo(repeated.parameters[1] as number, 12);
    expect(weighted.residualSumOfSquares).toBeCloseTo(repeated.residualSumOfSquares, 12);
  });
});

test("rule: the vector and the score belong together: the sum of squares is that of the returned parameters, converged or not", () => {
  const y = noisy("score", 0.1);
  for (const iterations of [1, 2, 3, 100]) {
    const fit = fitLeastSquares(shape(y), [1, 3], { iterations });
    const again = TIMES.reduce(
      (sum, time, row) => sum + ((y[row] as number) - decay(time, fit.parameters)) ** 2,
      0,
    );
    expect(fit.residualSumOfSquares / again).toBeCloseTo(1, 14);
    TIMES.forEach((time, row) => {
      expect(fit.fitted[row]).toBeCloseTo(decay(time, fit.parameters), 12);
    });
  }
  const { optima } = multiStart(shape(y), 8, dice("starts"), { low: [1, 0.1], high: [10, 3] });
  for (const { fit } of optima) {
    const again = TIMES.reduce(
      (sum, time, row) => sum + ((y[row] as number) - decay(time, fit.parameters)) ** 2,
      0,
    );
    expect(fit.residualSumOfSquares / again).toBeCloseTo(1, 14);
  }
});

describe("bounds by transform, not clipping", () => {
  const y = noisy("bounds", 0.1);

  test("an optimum inside has the same estimates and standard errors as without bounds", () => {
    const free = fitLeastSquares(shape(y), [1, 1]);
    const bounded = fitLeastSquares(
      shape(y, {
        parameters: [
          { id: "size", bounds: [0, Number.POSITIVE_INFINITY] },
          { id: "rate", bounds: [0, 0.75] },
        ],
      }),
      [1, 0.5],
    );
    for (const index of [0, 1]) {
      expect(bounded.parameters[index]).toBeCloseTo(free.parameters[index] as number, 9);
      expect(bounded.standardErrors[index]).toBeCloseTo(free.standardErrors[index] as number, 9);
    }
  });

  test("an optimum outside is approached from inside, said to lie at its bound, and its slopes are not halved", () => {
    const fit = fitLeastSquares(
      shape(y, {
        parameters: [
          { id: "size", bounds: [0, 4] },
          { id: "rate", bounds: [0, Number.POSITIVE_INFINITY] },
        ],
      }),
      [1, 1],
    );
    expect(fit.parameters[0]).toBeGreaterThan(4 - 1e-4);
    expect(fit.parameters[0]).toBeLessThanOrEqual(4);
    expect(fit.findings.map(({ kind }) => kind)).toContain("at a bound");
    expect([fit.converged, fit.reason]).toEqual([true, "the optimum lies at a bound"]);
    TIMES.forEach((time, row) => {
      expect(fit.jacobian.get(row, 0)).toBeCloseTo(Math.exp(-(fit.parameters[1] as number) * time), 5);
    });
  });

  test("a start at or beyond a bound is refused", () => {
    const bounded = shape(y, { parameters: [{ id: "size", bounds: [0, 4] }, "rate"] });
    for (const start of [0, 4, 5])
      expect(() => fitLeastSquares(bounded, [start, 1])).toThrow(
        expect.objectContaining({ code: "OUT_OF_BOUNDS" }),
      );
  });
});

test("parameters over ten decades are found in log10, with the standard errors of the natural scale", () => {
  const truth = [3e6, 2e-4];
  const times = TIMES.map((time) => 1000 * time);
  const roll = dice("decades");
  const y = times.map((time) => 3e6 * Math.exp(-2e-4 * time) * (1 + 0.01 * roll.normal()));
  const noise = times.map((time) => 3e4 * Math.exp(-2e-4 * time));
  const model = (time: number, [size, rate]: Float64Array): number =>
    (size as number) * Math.exp(-(rate as number) * time);
  const logs = fitLeastSquares(
    curve({
      parameters: [
        { id: "size", transform: log10 },
        { id: "rate", transform: log10 },
      ],
      x: times,
      y,
      noise,
      model,
    }),
    [1, 1e-3],
  );
  const plain = fitLeastSquares(curve({ parameters: ["size", "rate"], x: times, y, noise, model }), truth);
  for (const index of [0, 1]) {
    expect((logs.parameters[index] as number) / (plain.parameters[index] as number)).toBeCloseTo(1, 9);
    expect((logs.standardErrors[index] as number) / (plain.standardErrors[index] as number)).toBeCloseTo(
      1,
      8,
    );
  }
});

describe("difficult ground", () => {
  test("a narrow curved valley is followed in tens of iterations, not in hundreds", () => {
    const x = Array.from({ length: 40 }, (_, row) => 7.5 + row / 8.3);
    const fit = fitLeastSquares(
      curve({
        parameters: ["a", "b", "c"],
        x,
        y: x.map((at, row) => -2500 * (46.7 + at) ** (-1 / 0.932) + 2e-3 * Math.sin(row * row)),
        model: (at, [a, b, c]) => (a as number) * ((b as number) + at) ** (-1 / (c as number)),
      }),
      [-2000, 50, 0.8],
    );
    expect(fit.converged).toBe(true);
    expect(fit.iterations).toBeLessThan(120);
  });

  test("a flat place far from any optimum is not called one, although no step changes the sum of squares", () => {
    const x = Array.from({ length: 20 }, (_, row) => 400 + 5 * row);
    const peak = curve({
      parameters: ["height", "width", "centre"],
      x,
      y: x.map((at) => 0.4 * Math.exp(-0.5 * ((at - 451) / 4) ** 2)),
      model: (at, [height, width, centre]) =>
        (height as number) * Math.exp(-0.5 * ((at - (centre as number)) / (width as number)) ** 2),
    });
    const away = fitLeastSquares(peak, [0.4, 3, 260]);
    expect(away.residualSumOfSquares).toBeGreaterThan(0.1);
    expect(away.converged).toBe(false);
    expect(fitLeastSquares(peak, [0.2, 8, 455]).residualSumOfSquares).toBeLessThan(1e-20);
  });

  test("a column that shrank by decades on the way is not taken for one that has no effect", () => {
    // An Arrhenius law of 16 points (MGH10 of NIST's collection) from a start at which outputs are 1e27.
    const x = Array.from({ length: 16 }, (_, row) => 50 + 5 * row);
    const y = [
      34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307, 2872,
    ];
    const arrhenius = curve({
      parameters: ["factor", "energy", "offset"],
      x,
      y,
      model: (at, [factor, energy, offset]) =>
        (factor as number) * Math.exp((energy as number) / (at + (offset as number))),
    });
    const fit = fitLeastSquares(arrhenius, [0.00415, 1.42e4, 206]);
    expect(fit.converged).toBe(true);
    expect(fit.parameters[1]).toBeCloseTo(6181.3463463, 6);
  });
});

describe("a robust loss", () => {
  test("takes an outlier of 100 standard deviations for what it is", () => {
    const y = noisy("outlier", 0.1);
    const noise = new Array(30).fill(0.1);
    const clean = fitLeastSquares(shape(y, { noise }), [4, 0.6]);
    y[3] = (y[3] as number) + 10;
    const plain = fitLeastSquares(shape(y, { noise }), [4, 0.6]);
    const off = (fit: { parameters: Float64Array }): number =>
      Math.max(
        ...[0, 1].map(
          (index) =>
            Math.abs((fit.parameters[index] as number) - (clean.parameters[index] as number)) /
            (clean.standardErrors[index] as number),
        ),
      );
    expect(off(plain)).toBeGreaterThan(20);
    for (const loss of [
      { kind: "huber", at: 1.345 },
      { kind: "cauchy", at: 2.385 },
    ] as const)
      expect(off(fitLeastSquares(shape(y, { noise }), [4, 0.6], { loss }))).toBeLessThan(1);
  });

  test("needs a declared noise and a positive bend", () => {
    const loss = { kind: "huber", at: 1.345 } as const;
    expect(() => fitLeastSquares(shape(noisy("a", 1)), [1, 1], { loss })).toThrow(
      expect.objectContaining({ code: "BAD_LOSS" }),
    );
    expect(() =>
      fitLeastSquares(shape(noisy("a", 1), { noise: new Array(30).fill(1) }), [1, 1], {
        loss: { ...loss, at: 0 },
      }),
    ).toThrow(expect.objectContaining({ code: "BAD_LOSS" }));
  });
});
