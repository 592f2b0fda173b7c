import { test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { expectMatch, QUICK_MODELS } from "../../support/posteriordb/models.ts";
import type { ProblemSet } from "../../support/posteriordb/problem-set.ts";

withReferenceData<ProblemSet>(
  "calibration/posteriordb/problems.json",
  "published posteriors, all seven",
  ({ problems }) => {
    test.each(Object.keys(QUICK_MODELS).flatMap((name) => [[name, 2] as const, [name, 3] as const]))(
      "moments, R-hat and effective sizes of %s, seed %i",
      (name, seed) => {
        expectMatch(problems[name]!, QUICK_MODELS[name]!, seed);
      },
    );
  },
);
