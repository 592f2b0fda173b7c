import { expect, test } from "vitest";
import { withReferenceData } from "../../../support/reference-data.ts";
import { median } from "../../../support/statistics.ts";
import { runTwin } from "../../support/twin-experiment.ts";
import { PUBLISHED } from "./lorenz-cases.ts";

const seedsOf = (file: string, members: number): number => {
  if (members >= 400) return 1;
  if (file.startsWith("Lorenz63")) return 5;
  return file.endsWith("hoteit2015.py") ? 7 : 3;
};

/** The error of a filter that follows nothing is that of climatology, 3.6; of one that lost track in the middle, more than this. */
const LOST_TRACK = 0.5;

for (const { file, label, experiment, method, rmse, tolerance } of PUBLISHED) {
  const seeds = seedsOf(file, method().members);
  const mayLoseTrack = label === "EnKF('Sqrt',N=17,infl=1.03)";
  test(`${file} ${label}: the median of ${seeds} ${mayLoseTrack ? "that keep track " : ""}comes within ${tolerance} of ${rmse}`, () => {
    const runs = Array.from({ length: seeds }, (_, seed) => runTwin(experiment, method(), seed).rmse);
    const compared = mayLoseTrack ? runs.filter((run) => run < LOST_TRACK) : runs;
    expect(compared.length).toBeGreaterThanOrEqual(1);
    expect(Math.abs(median(compared) - rmse)).toBeLessThanOrEqual(tolerance);
  });
}

interface Published {
  readonly entries: readonly { readonly file: string; readonly method: string; readonly rmse_a: number }[];
}

withReferenceData<Published>(
  "calibration/dapper/dapper_rmse.json",
  "the collection of published figures",
  ({ entries }) => {
    test("is reproduced but for climatology, interpolation, 3D-Var, the extended filter, ESOPS and Var1, which the twin has not", () => {
      const absent = /^(Climatology|OptInterp|Persistence|Var3D|ExtKF)|ESOPS|SerialVar1/;
      const here = new Set(PUBLISHED.map(({ file, label, rmse }) => `${file} ${label} ${rmse}`));
      const missing = entries
        .filter(({ method }) => !absent.test(method))
        .map((entry) => `${entry.file} ${entry.method} ${entry.rmse_a}`)
        .filter((entry) => !here.has(entry));
      expect(missing).toEqual([]);
    });
  },
);
