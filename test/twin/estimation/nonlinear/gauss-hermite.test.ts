import { GaussHermiteKalmanFilter } from "@plumbline/twin/estimation/nonlinear/gauss-hermite";
import { describe, expect, test } from "vitest";
import { refusal } from "../../support/refusals.ts";
import { start, still } from "./still.ts";

describe("the Gauss–Hermite filter", () => {
  test.each([
    [1, 2],
    [33, 1],
    [2.5, 1],
    [3, 11],
  ])("of order %d for %d states is refused", (order, states) => {
    expect(
      refusal(
        () =>
          new GaussHermiteKalmanFilter(
            still(states, (x) => x),
            start(states),
            { order },
          ),
      ).code,
    ).toBe("BAD_OPTION");
  });
});
