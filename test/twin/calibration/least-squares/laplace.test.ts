import { laplace } from "@plumbline/twin/calibration/least-squares/laplace";
import type { SimulationProblem } from "@plumbline/twin/calibration/problem/problem";
import { flat } from "@plumbline/twin/probability/flat";
import { logNormal } from "@plumbline/twin/probability/log-normal";
import { normal } from "@plumbline/twin/probability/normal";
import { uniform } from "@plumbline/twin/probability/uniform";
import { describe, expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";

interface ThermalTwin {
  readonly dt: number;
  readonly Ta: readonly number[];
  readonly q: readonly number[];
  readonly y: readonly number[];
  readonly exact: {
    readonly map_log: readonly number[];
    readonly neg_log_post_at_map: number;
    readonly laplace_sd_log: readonly number[];
    readonly fisher_info_log_R_C_sigma: readonly (readonly number[])[];
    readonly log_evidence: number;
  };
}

withReferenceData<{ posteriors: { rc_thermal: ThermalTwin } }>(
  "calibration/exact/exact_posteriors.json",
  "the RC thermal twin",
  ({ posteriors }) => {
    const { dt, Ta, q, y, exact } = posteriors.rc_thermal;
    const problem: SimulationProblem = {
      unknowns: [
        { id: "R", prior: logNormal(Math.log(0.01), 0.5) },
        { id: "C", prior: logNormal(Math.log(1e6), 0.5) },
      ],
      observations: Float64Array.from(y),
      noise: new Float64Array(y.length).fill(1),
      simulate([R, C], out) {
        const keep = Math.exp(-dt / ((R as number) * (C as number)));
        let temperature = 18;
        for (let row = 0; row < out.length; row++) {
          temperature =
            keep * temperature + (1 - keep) * ((Ta[row] as number) + (R as number) * (q[row] as number));
          out[row] = temperature;
        }
      },
    };
    const posterior = laplace(problem, [0.01, 1e6, 0.3], {
      noiseScale: { id: "sigma", prior: logNormal(Math.log(0.3), 0.7) },
    });

    test("has the mode and the standard deviations of its logarithms to 1e-7", () => {
      exact.map_log.forEach((value, index) => {
        expect(posterior.coordinates[index]).toBeCloseTo(value, 7);
        const sd = exact.laplace_sd_log[index] as number;
        expect(Math.abs((posterior.standardDeviations[index] as number) / sd - 1)).toBeLessThan(1e-6);
      });
      expect(posterior.logJoint).toBeCloseTo(-exact.neg_log_post_at_map, 10);
      expect(posterior.converged).toBe(true);
    });

    test("has the Fisher matrix, and off its diagonal what the conditions of a mode demand", () => {
      const reference = exact.fisher_info_log_R_C_sigma;
      for (let row = 0; row < 3; row++)
        for (let column = 0; column < 3; column++) {
          const size = Math.sqrt((reference[row]?.[row] as number) * (reference[column]?.[column] as number));
          const gap = posterior.precision.get(row, column) - (reference[row]?.[column] as number);
          expect(Math.abs(gap) / size).toBeLessThan(2e-7);
        }
      // ∂²φ/∂ln R ∂ln σ = −2 Jᵀr/σ², and at the mode Jᵀr/σ² = −(ln R − ln 0.01)/0.25.
      const expected = (2 * ((posterior.coordinates[0] as number) - Math.log(0.01))) / 0.25;
      expect(posterior.precision.get(0, 2)).toBeCloseTo(expected, 5);
    });

    test("has an evidence within 0.05 of the exact one: the posterior is nearly Gaussian", () => {
      expect(Math.abs(posterior.logEvidence - exact.log_evidence)).toBeLessThan(0.05);
    });
  },
);

describe("a linear model with normal priors, whose posterior is Gaussian", () => {
  // y = θ₁ + θ₂ x + N(0, 0.5²), θ ~ N(0, 2²) × N(1, 0.3²).
  const x = [0, 1, 2, 3];
  const y = [0.4, 1.9, 2.6, 4.4];
  const line: SimulationProblem = {
    unknowns: [
      { id: "level", prior: normal(0, 2) },
      { id: "slope", prior: normal(1, 0.3) },
    ],
    observations: Float64Array.from(y),
    noise: new Float64Array(4).fill(0.5),
    simulate(theta, out) {
      x.forEach((at, row) => {
        out[row] = (theta[0] as number) + (theta[1] as number) * at;
      });
    },
  };
  // Precision: XᵀX/0.25 + diag(1/4, 1/0.09) with XᵀX = [[4, 6], [6, 14]].
  const a = 16 + 0.25;
  const b = 24;
  const d = 56 + 1 / 0.09;
  const right = [9.3 / 0.25, (1.9 + 5.2 + 13.2) / 0.25 + 1 / 0.09];
  const determinant = a * d - b * b;
  const mean = [
    (d * (right[0] as number) - b * (right[1] as number)) / determinant,
    (a * (right[1] as number) - b * (right[0] as number)) / determinant,
  ];
  const posterior = laplace(line, [0, 0.5]);

  test("is exact: mean, covariance and evidence", () => {
    expect(posterior.mode[0]).toBeCloseTo(mean[0] as number, 9);
    expect(posterior.mode[1]).toBeCloseTo(mean[1] as number, 9);
    expect(posterior.covariance.get(0, 0)).toBeCloseTo(d / determinant, 8);
    expect(posterior.covariance.get(0, 1)).toBeCloseTo(-b / determinant, 8);
    // ln p(y) = ln N(y; X m₀, 0.25 I + X P₀ Xᵀ) = ln p(y | m₀) + ½ ln (det P₀⁻¹/det Λ) + ½ gᵀ Λ⁻¹ g, g = Xᵀ(y − X m₀)/0.25.
    const gap = y.map((value, row) => value - (x[row] as number));
    const g = [
      gap.reduce((sum, r) => sum + r, 0) / 0.25,
      gap.reduce((sum, r, row) => sum + r * (x[row] as number), 0) / 0.25,
    ];
    const quadratic =
      (d * (g[0] as number) ** 2 - 2 * b * (g[0] as number) * (g[1] as number) + a * (g[1] as number) ** 2) /
      determinant;
    const atPrior = gap.reduce(
      (sum, r) => sum - 0.5 * (r / 0.5) ** 2 - Math.log(0.5) - 0.5 * Math.log(2 * Math.PI),
      0,
    );
    const evidence = atPrior + 0.5 * Math.log(1 / (4 * 0.09) / determinant) + 0.5 * quadratic;
    expect(posterior.logEvidence).toBeCloseTo(evidence, 8);
  });

  test("has normal quantiles, and transformed ones where a prior is bounded", () => {
    expect(posterior.quantile("level", 0.975)).toBeCloseTo(
      (mean[0] as number) + 1.959963984540054 * Math.sqrt(d / determinant),
      7,
    );
    const bounded = laplace(
      {
        ...line,
        unknowns: [
          line.unknowns[0] as (typeof line.unknowns)[number],
          { id: "slope", prior: uniform(0, 1.3) },
        ],
      },
      [0, 0.5],
    );
    for (const probability of [0.001, 0.5, 0.999]) {
      expect(bounded.quantile("slope", probability)).toBeGreaterThan(0);
      expect(bounded.quantile("slope", probability)).toBeLessThan(1.3);
    }
    expect(() => posterior.quantile("x", 0.5)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_PARAMETER" }),
    );
  });

  test("without a prior on what the data do not see has no peak, and the direction is named", () => {
    const twice: SimulationProblem = {
      ...line,
      unknowns: [
        { id: "left", prior: flat() },
        { id: "right", prior: flat() },
      ],
      simulate(theta, out) {
        out.fill((theta[0] as number) + (theta[1] as number));
      },
    };
    expect(() => laplace(twice, [0, 0])).toThrow(
      expect.objectContaining({ code: "NO_PEAK", message: expect.stringContaining("left, right") }),
    );
  });

  test("of a model that fails at the start, or with a start of another length, is refused", () => {
    const broken: SimulationProblem = { ...line, simulate: (_, out) => out.fill(Number.NaN) };
    expect(() => laplace(broken, [0, 1])).toThrow(expect.objectContaining({ code: "MODEL_FAILS" }));
    expect(() => laplace(line, [0])).toThrow(expect.objectContaining({ code: "BAD_SHAPE" }));
  });
});
