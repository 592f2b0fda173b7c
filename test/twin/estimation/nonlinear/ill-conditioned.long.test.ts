import { describe, test } from "vitest";
import { ALL_FILTERS, endure, HARDSHIPS } from "./hardships.ts";

describe.each(HARDSHIPS)("over a hundred thousand steps of $name", (hardship) => {
  test.each(ALL_FILTERS)("the %s filter's covariance stays finite and definite", (_name, make) => {
    endure(make, hardship, 100_000);
  });
});
