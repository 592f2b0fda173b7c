import { multiStart } from "@plumbline/twin/calibration/least-squares/multi-start";
import { curve } from "@plumbline/twin/calibration/least-squares/problem";
import { dice } from "@plumbline/twin/random/dice";
import { describe, expect, test } from "vitest";
import { noisy, shape } from "./decay-problem.ts";

describe("many starts", () => {
  // Two frequencies fit these data: the sampled sine of 1.3 and its poorer neighbour.
  const times = Array.from({ length: 40 }, (_, index) => index / 4);
  const wave = curve({
    parameters: [{ id: "frequency", bounds: [0.2, 6] }],
    x: times,
    y: times.map((time) => Math.sin(1.3 * time)),
    model: (time, [frequency]) => Math.sin((frequency as number) * time),
  });

  test("find distinct optima, the best first, with the number of starts that fell into each", () => {
    const found = multiStart(wave, 40, dice("waves"));
    expect(found.optima.length).toBeGreaterThan(2);
    expect(found.optima[0]?.fit.parameters[0]).toBeCloseTo(1.3, 8);
    const sums = found.optima.map(({ fit }) => fit.residualSumOfSquares);
    expect(sums).toEqual([...sums].sort((left, right) => left - right));
    const hits = found.optima.reduce((sum, optimum) => sum + optimum.hits, 0);
    expect(hits + found.failed + found.unconverged).toBe(40);
  });

  test("give the same optima for the same dice", () => {
    const frequencies = (): number[] =>
      multiStart(wave, 10, dice("same")).optima.map(({ fit }) => fit.parameters[0] as number);
    expect(frequencies()).toEqual(frequencies());
  });

  test("count starts at which the model fails, and throw when none is left", () => {
    const picky = {
      ...wave,
      simulate(theta: Float64Array, out: Float64Array) {
        if ((theta[0] as number) > 3) throw new Error("too fast");
        wave.simulate(theta, out);
      },
    };
    const found = multiStart(picky, 20, dice("picky"));
    expect(found.failed).toBeGreaterThan(0);
    expect(found.firstFailure).toBeDefined();
    const broken = {
      ...wave,
      simulate: () => {
        throw new Error("broken");
      },
    };
    expect(() => multiStart(broken, 3, dice("broken"))).toThrow(expect.objectContaining({ code: "NO_FIT" }));
  });

  test("need a finite range", () => {
    expect(() => multiStart(shape(noisy("range", 0.1)), 3, dice("range"))).toThrow(
      expect.objectContaining({ code: "BAD_RANGE" }),
    );
  });
});
