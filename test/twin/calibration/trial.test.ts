import { Trial, type TrialVerdict } from "@plumbline/twin/calibration/trial";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { webLine } from "@plumbline/twin/definition/web-line";
import type { Row } from "@plumbline/twin/estimation/observer";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { NOTHING, setOf } from "../support/calibrated.ts";
import { PRIOR } from "../support/quiet-windows.ts";
import { refusal } from "../support/refusals.ts";
import { DAY, drags, noisyValues, SIGNALS, START } from "../support/web-line-truth.ts";

const { trialRows, trialLimit } = webLine.policy;
const STEP = DAY / 72;
const candidate = setOf({ b3: 0.02 }, 1, START);
const newTrial = (set: ParameterSet = candidate): Trial => Trial.start(webLine, PRIOR, set, START);

const row = (index: number, values: readonly number[], inMode = true): Row => ({
  at: START + (index + 1) * STEP,
  values,
  inMode,
  virtual: [],
  alarms: [],
});
/** So many rows of a line with these drags, some sensors wrong by so much. */
function rows(count: number, b3: number, seed: number, fault: Readonly<Record<string, number>> = {}): Row[] {
  const dice = seeded(seed);
  return Array.from({ length: count }, (_, index) =>
    row(
      index,
      noisyValues(drags({ b3 }), dice).map((value, signal) => value + (fault[SIGNALS[signal]!] ?? 0)),
    ),
  );
}
const end = (trial: Trial, given: readonly Row[]): TrialVerdict[] => given.map((one) => trial.row(one));

describe("a trial", () => {
  test("is committed after its rows if the set predicts no worse and is consistent, and not a row before", () => {
    const verdicts = end(newTrial(), rows(trialRows, 0.02, 131));
    expect(verdicts.slice(0, -1)).toEqual(new Array(trialRows - 1).fill({ kind: "continue" }));
    expect(verdicts.at(-1)).toMatchObject({
      kind: "commit",
      reason: expect.stringMatching(
        /^score \+\d+\.\d against the incumbent, NIS \d+\.\d of \d+\.\d over 8 rows$/,
      ),
    });
  });

  test("commits a right set in nearly every one of 200 noisy trials", () => {
    const kinds = Array.from(
      { length: 200 },
      (_, seed) => end(newTrial(), rows(trialRows, 0.02, 13_100 + seed)).at(-1)!.kind,
    );
    // The gates are one-sided at 0.9999 and at a likelihood ratio that favours the truth by a hundred nats.
    expect(kinds.filter((kind) => kind === "commit").length).toBeGreaterThanOrEqual(198);
  });

  test("is reverted when the set predicts worse than the incumbent", () => {
    const verdict = end(newTrial(), rows(trialRows, 0, 132)).at(-1)!;
    expect(verdict).toMatchObject({
      kind: "revert",
      reason: expect.stringMatching(/^predicts worse: score -/),
    });
  });

  test("is reverted when the set predicts better, but not what is read: a sensor has gone wrong", () => {
    const verdict = end(newTrial(), rows(trialRows, 0.02, 133, { s12: 5 })).at(-1)!;
    expect(verdict).toMatchObject({
      kind: "revert",
      reason: expect.stringMatching(/^inconsistent: score \+/),
    });
  });

  test("is reverted for want of evidence after its time limit, whatever the rows say then", () => {
    const trial = newTrial();
    const late: Row = { ...rows(1, 0.02, 134)[0]!, at: START + trialLimit + 1 };
    expect(trial.row({ ...late, at: START + trialLimit })).toEqual({ kind: "continue" });
    expect(trial.row(late)).toEqual({
      kind: "revert",
      reason: "no evidence: 1 of 8 rows in the trial's time limit",
    });
    expect(newTrial().row({ ...late, inMode: false })).toMatchObject({ kind: "revert" });
  });

  test("does not count rows out of mode, nor rows without a reading", () => {
    const trial = newTrial();
    const [first, ...others] = rows(trialRows, 0.02, 135) as [Row, ...Row[]];
    for (let index = 0; index < 20; index++) {
      expect(trial.row({ ...first, inMode: false, values: SIGNALS.map(() => 0) })).toEqual({
        kind: "continue",
      });
      expect(trial.row({ ...first, values: NOTHING })).toEqual({ kind: "continue" });
    }
    expect(trial.rows).toBe(0);
    expect(end(trial, [first, ...others]).at(-1)!.kind).toBe("commit");
    expect(trial.rows).toBe(trialRows);
  });

  test("takes rows with holes for what they hold", () => {
    const holed = rows(trialRows, 0.02, 136).map((one, index) => ({
      ...one,
      values: one.values.map((value, signal) =>
        (signal + index) % 5 === 0 || signal === 2 ? Number.NaN : value,
      ),
    }));
    expect(end(newTrial(), holed).at(-1)!.kind).toBe("commit");
  });

  test("goes on from a snapshot at any row as if it had never stopped", () => {
    const given = rows(trialRows, 0.02, 137);
    const whole = end(newTrial(), given).at(-1);
    for (let cut = 0; cut < trialRows; cut++) {
      const first = newTrial();
      end(first, given.slice(0, cut));
      const second = Trial.restore(webLine, PRIOR, candidate, first.snapshot());
      expect(second.snapshot()).toBe(first.snapshot());
      expect(end(second, given.slice(cut)).at(-1)).toEqual(whole);
    }
  });

  test("refuses a snapshot that is damaged or of another twin", () => {
    const snapshot = newTrial().snapshot();
    const narrower = { ...webLine, signals: webLine.signals.slice(1) };
    expect(refusal(() => Trial.restore(narrower, PRIOR, candidate, snapshot)).code).toBe("BAD_SNAPSHOT");
    for (const text of ["", "null", "{}", "[]", snapshot.slice(1)]) {
      expect(refusal(() => Trial.restore(webLine, PRIOR, candidate, text)).code).toBe("BAD_SNAPSHOT");
    }
  });

  test("lets a set grow less sure with the time since its data, but never the prior", () => {
    const aged = setOf({ b3: 0.02 }, 1, START - 60 * DAY);
    const told = (set: ParameterSet): number =>
      Number(
        /NIS (\d+\.\d)/.exec(
          (
            end(Trial.start(webLine, PRIOR, set, START), rows(trialRows, 0.021, 138)).at(-1) as {
              reason: string;
            }
          ).reason,
        )![1],
      );
    expect(told(aged)).toBeLessThan(told(candidate));
  });
});
