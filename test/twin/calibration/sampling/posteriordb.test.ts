import { logJoint } from "@plumbline/twin/calibration/problem/priors";
import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { expectMatch, LOG_JOINTS, MODELS } from "../../support/posteriordb/models.ts";
import type { ProblemSet } from "../../support/posteriordb/problem-set.ts";

withReferenceData<ProblemSet>(
  "calibration/posteriordb/problems.json",
  "published posteriors",
  ({ problems }) => {
    test.each(Object.keys(LOG_JOINTS))("log-joint of %s at the reference mean, to 1e-6", (name) => {
      const entry = problems[name]!;
      const problem = MODELS[name]!(entry.data);
      expect(Math.abs(logJoint(problem, entry.ref_mean) - LOG_JOINTS[name]!)).toBeLessThan(1e-6);
    });

    test("moments of a regression with flat priors, from no start", () => {
      const name = "kidiq-kidscore_momiq";
      expectMatch(problems[name]!, MODELS[name]!, 1);
    });
  },
);
