import { judge } from "@plumbline/twin/calibration/judge";
import { type Case, HELD_OUT } from "@plumbline/twin/calibration/judge-evidence";
import type { PosteriorPoint } from "@plumbline/twin/calibration/posterior";
import type { EvidenceRow } from "@plumbline/twin/calibration/rows";
import { webLine } from "@plumbline/twin/definition/web-line";
import { describe, expect, test } from "vitest";
import { seeded } from "../../support/random.ts";
import { candidateOf, estimateOf, newAssimilator, pointOf, rowAt, rowsOf } from "../support/calibrated.ts";
import { PRIOR } from "../support/quiet-windows.ts";
import { DAY, drags, drawnBiases, noisyValues, START } from "../support/web-line-truth.ts";

type Drags = Readonly<Record<string, number>>;
const ROWS = 40;
const PER_DAY = 24;

/** A case of 40 rows over 1.7 days: what the line was, what the trace believed, what the candidate says. */
function caseOf({
  truth,
  believed,
  says,
  count = ROWS,
  nis = 1,
  seed = 121,
}: {
  truth: (row: number) => Drags;
  believed: (row: number) => Drags;
  says: Drags;
  count?: number;
  nis?: number;
  seed?: number;
}): Case {
  const recent: EvidenceRow[] = rowsOf(count, PER_DAY, (day) => truth(Math.round(day * PER_DAY)), seed);
  const before = pointOf(START - DAY / PER_DAY, believed(0));
  const trace: PosteriorPoint[] = [before, ...recent.map(({ at }, row) => pointOf(at, believed(row), nis))];
  return {
    definition: webLine,
    incumbent: PRIOR,
    candidate: candidateOf(says, recent.at(-1)?.at ?? START),
    recent,
    trace,
    alarmed: true,
  };
}
const still = (drags: Drags) => () => drags;
const worn: Drags = { b3: 0.02 };
const good = caseOf({ truth: still(worn), believed: still(worn), says: worn });

describe("the judge", () => {
  test("accepts what predicts better on rows it was not fitted to, and says what moved", () => {
    const verdict = judge(good);
    expect(verdict.kind).toBe("accept");
    expect(verdict.reason).toMatch(
      /^predicts better by \d+\.\d nats over 16 rows; b3 \S+ → 0\.0200 N·m·s\/rad$/,
    );
    expect(verdict.evidence.moved.map(({ id, from, to }) => [id, from, to])).toEqual([
      ["b3", estimateOf(PRIOR, "b3").mean, 0.02],
    ]);
    expect(verdict.evidence.heldOut.candidate).toBeGreaterThan(verdict.evidence.heldOut.incumbent);
    expect(verdict.evidence).toMatchObject({
      rows: ROWS,
      alarmed: true,
      heldOut: { rows: HELD_OUT },
      nis: { freedom: HELD_OUT * 21 },
    });
  });

  test("waits until there are enough held-out rows, and counts those in mode only", () => {
    const few = judge(caseOf({ truth: still(worn), believed: still(worn), says: worn, count: 10 }));
    expect(few).toMatchObject({ kind: "wait", rows: 6, reason: "10 of 16 held-out rows so far" });
    const stopped = {
      ...good,
      recent: good.recent.map((row, index) => (index < 30 ? { ...row, inMode: false } : row)),
    };
    expect(judge(stopped)).toMatchObject({ kind: "wait", rows: 6 });
    expect(judge({ ...good, recent: [] })).toMatchObject({ kind: "wait", rows: 16 });
  });

  test("rule: rows are held out before they are fitted: one counts only if the trace has the posterior before it", () => {
    expect(judge({ ...good, trace: good.trace.slice(-11) })).toMatchObject({
      kind: "wait",
      reason: "10 of 16 held-out rows so far",
    });
  });

  test("rejects an implausible jump, with the most that is believable", () => {
    const jump: Drags = { b3: 0.4 };
    const verdict = judge(caseOf({ truth: still(jump), believed: still(jump), says: jump }));
    expect(verdict.kind).toBe("reject");
    // 8 · 0.02 · √(39 h + 1 h before the first row, in days).
    expect(verdict.reason).toMatch(
      /^implausible: b3 would jump from \S+ to 0\.400 N·m·s\/rad in 1\.7 days, at most 0\.207 is believable$/,
    );
  });

  test("rejects a posterior that its own predictions contradict", () => {
    const verdict = judge(caseOf({ truth: still(worn), believed: still(worn), says: worn, nis: 1.4 }));
    expect(verdict.kind).toBe("reject");
    expect(verdict.reason).toMatch(/^inconsistent with its own predictions: NIS 470 over 336 readings$/);
    expect(judge(caseOf({ truth: still(worn), believed: still(worn), says: worn, nis: 1.25 })).kind).toBe(
      "accept",
    );
  });

  test("holds without evidence of a change, and says so also when a chart alarmed", () => {
    const quiet = caseOf({ truth: still({}), believed: still({}), says: {} });
    expect(judge({ ...quiet, alarmed: false })).toMatchObject({
      kind: "wait",
      rows: 16,
      reason: expect.stringMatching(/^hold: no evidence of a change \(\d\.\d of 6\.9 nats\)$/),
    });
    expect(judge(quiet)).toMatchObject({
      kind: "wait",
      reason: expect.stringMatching(/^alarmed, but held-out rows do not show it yet/),
    });
  });

  test("waits while nothing that moved can be told apart", () => {
    const candidate = {
      ...good.candidate,
      parameters: good.candidate.parameters.map((one) => ({ ...one, identifiable: "not" as const })),
    };
    expect(judge({ ...good, candidate })).toMatchObject({
      kind: "wait",
      reason: "what moved cannot be told apart yet: b3",
    });
    const some = {
      ...candidate,
      parameters: candidate.parameters.map((one) =>
        one.id === "b3" ? { ...one, identifiable: "weakly" as const } : one,
      ),
    };
    expect(judge({ ...good, candidate: some }).kind).toBe("accept");
  });

  test("accepts when one of two that moved can be told, though the other cannot", () => {
    const two: Drags = { b3: 0.02, b9: 0.02 };
    const given = caseOf({ truth: still(two), believed: still(two), says: two });
    const parameters = given.candidate.parameters.map((one) => ({
      ...one,
      identifiable: one.id === "b9" ? ("not" as const) : ("well" as const),
    }));
    const verdict = judge({ ...given, candidate: { ...given.candidate, parameters } });
    expect(verdict.evidence.moved.map(({ id }) => id)).toEqual(["b3", "b9"]);
    expect(verdict.kind).toBe("accept");
  });

  test("rejects what fitted an episode but predicts the newest rows no better", () => {
    const passed = caseOf({
      truth: (row) => (row < ROWS - HELD_OUT ? worn : {}),
      believed: still(worn),
      says: worn,
    });
    const verdict = judge(passed);
    expect(verdict.kind).toBe("reject");
    expect(verdict.reason).toMatch(/^predicts no better than version 0: -\d+\.\d nats over 16 rows$/);
  });

  test("asks in order: rows, plausible, consistent, changed, told apart, better", () => {
    const jump: Drags = { b3: 0.4 };
    const blind = (given: Case): Case => ({
      ...given,
      candidate: {
        ...given.candidate,
        parameters: given.candidate.parameters.map((one) => ({ ...one, identifiable: "not" as const })),
      },
    });
    const word = (given: Case): string => judge(given).reason.split(/[ :,]/)[0]!;
    const passed = (nis: number, says: Drags, count = ROWS): Case =>
      blind(
        caseOf({
          truth: (row) => (row < count - HELD_OUT ? worn : {}),
          believed: still(worn),
          says,
          nis,
          count,
        }),
      );
    expect(judge(passed(2, jump, 8)).reason).toContain("held-out rows so far");
    expect(word(passed(2, jump))).toBe("implausible");
    expect(word(passed(2, worn))).toBe("inconsistent");
    expect(word(blind(caseOf({ truth: still({}), believed: still({}), says: worn })))).toBe("alarmed");
    expect(word(passed(1, worn))).toBe("what");
  });

  test("rejects what predicts better but whose past bands held too few readings", () => {
    const verdict = judge(caseOf({ truth: still(worn), believed: still({ b3: 0.034 }), says: worn }));
    expect(verdict).toMatchObject({
      kind: "reject",
      reason: expect.stringMatching(
        /^its bands are too narrow: \d+ of 336 readings lay in past 90 % bands, at least 282 should$/,
      ),
    });
    // 336 · 0.9 − 3.719 √(336 · 0.9 · 0.1) = 281.95.
    expect(verdict.checks.at(-1)).toMatchObject({ question: "covers", passed: false });
  });

  test("tells every question with its figure, and a reason only where it was not passed", () => {
    const { checks } = judge(good);
    expect(checks.map(({ question }) => question)).toEqual([
      "enough rows",
      "plausible",
      "consistent",
      "evidence of a change",
      "something moved",
      "identifiable",
      "predicts better",
      "covers",
    ]);
    for (const { passed, found, needed, reason } of checks) {
      expect(passed).toBe(true);
      expect(reason).toBe("");
      expect(Number.isFinite(found) && Number.isFinite(needed)).toBe(true);
    }
    const quiet = judge({ ...caseOf({ truth: still({}), believed: still({}), says: {} }), alarmed: false });
    expect(quiet.checks.find(({ passed }) => !passed)?.reason).toBe(quiet.reason);
  });

  const ownVerdict = (wear: (day: number) => Drags, seed: number): string => {
    const recent = rowsOf(80, PER_DAY, wear, seed);
    const assimilator = newAssimilator();
    const trace = recent.flatMap((row) => assimilator.assimilate(row) ?? []);
    return judge({
      definition: webLine,
      incumbent: PRIOR,
      candidate: assimilator.posterior(),
      recent,
      trace,
      alarmed: true,
    }).kind;
  };

  test("accepts the assimilator's own posterior of a wearing line", () => {
    for (const seed of [1220, 1221, 1222, 1223])
      expect(ownVerdict((day) => ({ b3: Math.max(0, 0.012 * (day - 1)) }), seed)).toBe("accept");
  });

  test("puts nothing in force for a quiet line, though a chart alarmed", () => {
    for (const seed of [1230, 1231, 1232, 1233]) expect(ownVerdict(still({}), seed)).not.toBe("accept");
  });

  test("holds when sensors' biases explain all that changed and no parameter moved", () => {
    for (const seed of [1240, 1241, 1242, 1243, 1244, 1245]) {
      const dice = seeded(seed);
      const biases = drawnBiases(dice);
      const recent = Array.from({ length: 300 }, (_, row) =>
        rowAt(row / 66, noisyValues(drags({}), dice, biases)),
      );
      const assimilator = newAssimilator();
      const trace = recent.flatMap((row) => assimilator.assimilate(row) ?? []);
      const verdict = judge({
        definition: webLine,
        incumbent: PRIOR,
        candidate: assimilator.posterior(),
        recent,
        trace,
        alarmed: false,
      });
      expect(verdict).toMatchObject({ kind: "wait", reason: expect.stringMatching(/^hold: /) });
    }
  });
});
