import { describe, expect, test } from "vitest";
import { runTwin } from "../../support/twin-experiment.ts";
import { PUBLISHED } from "./lorenz-cases.ts";

/*
 * Short versions of the published figures. Among seeds, the RMSE of one run of 600 counted cycles on Lorenz-96 has an sd of
 * 0.0075; of 1,000 on Lorenz-63, whose error is made in bursts, 0.03. Four sds, and half a unit of the last printed digit.
 */
const SHORT: readonly [file: string, label: string, cycles: number, tolerance: number][] = [
  ["Lorenz96/sakov2008.py", "EnKF('PertObs',N=40,infl=1.06)", 1000, 0.035],
  ["Lorenz96/sakov2008.py", "EnKF('DEnKF',N=40,infl=1.01)", 1000, 0.035],
  ["Lorenz96/sakov2008.py", "EnKF('Sqrt',N=24,infl=1.013,rot=True)", 1000, 0.035],
  ["Lorenz96/sakov2008.py", "EnKF('Serial',N=28,infl=1.02,rot=True)", 1000, 0.035],
  ["Lorenz96/sakov2008.py", "LETKF(N=7,rot=True,infl=1.04,loc_rad=4)", 1000, 0.035],
  ["Lorenz96/sakov2008.py", "EnKF_N(N=24,rot=True,xN=2.0)", 1000, 0.035],
  ["Lorenz63/sakov2012.py", "EnKF('Sqrt',N=10,infl=1.02,rot=True)", 1000, 0.13],
  ["Lorenz63/sakov2012.py", "EnKF_N(N=10,rot=True)", 1000, 0.13],
];

describe.each(SHORT)("%s %s", (file, label, cycles, tolerance) => {
  const published = PUBLISHED.find((each) => each.file === file && each.label === label)!;

  test(`comes within ${tolerance} of ${published.rmse} in ${cycles} cycles, and its spread tells its error`, () => {
    const { rmse, spread, filter } = runTwin(
      { ...published.experiment, cycles },
      published.method(),
      "short",
    );
    expect(Math.abs(rmse - published.rmse)).toBeLessThan(tolerance);
    expect(spread / rmse).toBeGreaterThan(0.9);
    expect(spread / rmse).toBeLessThan(1.4);
    expect(filter.lost).toEqual([]);
  });
});

test("without inflation a small ensemble on a chaotic model becomes deaf: its spread is a fraction of its error", () => {
  const published = PUBLISHED.find((each) => each.label.startsWith("EnKF('PertObs',N=28"))!;
  const { rmse, spread } = runTwin(
    { ...published.experiment, cycles: 800, burnIn: 600 },
    { ...published.method(), inflation: 1 },
    "deaf",
  );
  expect(rmse).toBeGreaterThan(1);
  expect(spread).toBeLessThan(0.3 * rmse);
});
