import { runParticles } from "@plumbline/twin/estimation/particle/particle-run";
import { dice } from "@plumbline/twin/random/dice";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { mean } from "../../../support/statistics.ts";
import { type GrowthReference, growthModel, growthStart, seriesOf } from "./growth-model.ts";

withReferenceData<GrowthReference>(
  "calibration/nonlinear/ungm_exact.json",
  "the growth model with 10,000 particles, forty runs",
  ({ y, exact }) => {
    test("log-likelihood: mean within 0.1 of the exact value, sd at most 0.35; filtered means within 0.07 on average", () => {
      const runs = Array.from({ length: 40 }, (_, seed) =>
        runParticles(growthModel, growthStart, seriesOf(y), { particles: 10_000, dice: dice(seed) }),
      );
      const logs = runs.map((run) => run.logLikelihood);
      const centre = mean(logs);
      expect(Math.abs(centre - exact.loglik)).toBeLessThan(0.1);
      expect(Math.sqrt(mean(logs.map((log) => (log - centre) ** 2)))).toBeLessThan(0.35);
      const errors = runs.map((run) =>
        mean(exact.filter_mean.map((value, row) => Math.abs(run.means.get(row, 0) - value))),
      );
      expect(mean(errors)).toBeLessThan(0.07);
    });
  },
);
