import { chiSquaredInverseSurvival } from "../probability/chi-squared.ts";
import { standardNormalQuantile } from "../probability/normal.ts";
import { MILLIS_PER_DAY } from "../units.ts";
import { type Case, gather, HELD_OUT, type JudgeEvidence } from "./judge-evidence.ts";

/** One question put to a candidate, and its answer in numbers: what a page shows of a verdict. */
export interface Check {
  readonly question:
    | "enough rows"
    | "plausible"
    | "consistent"
    | "covers"
    | "evidence of a change"
    | "something moved"
    | "identifiable"
    | "predicts better";
  readonly passed: boolean;
  /** The figure that decided, and what it had to reach or stay below. */
  readonly found: number;
  readonly needed: number;
  /** Why not; empty when passed. */
  readonly reason: string;
}

interface Judged {
  readonly reason: string;
  readonly evidence: JudgeEvidence;
  /** Every question, asked in this order; the first that was not passed decided. */
  readonly checks: readonly Check[];
}
export type Verdict =
  | ({ readonly kind: "accept" } & Judged)
  | ({ readonly kind: "reject" } & Judged)
  /** Worth another look after so many rows. */
  | ({ readonly kind: "wait"; readonly rows: number } & Judged);

/** Hold rule: a change must be a thousand times likelier than none. */
const ENOUGH = Math.log(1000);
/** A change larger than this many of its random walk's standard deviations is not wear. */
const IMPLAUSIBLE = 8;
/** An honest candidate fails a question of its own consistency less often than this. */
const RARE = 1e-4;
/** Share of readings that 90 % bands should hold. */
const NOMINAL = 0.9;

type Question = (given: Case, evidence: JudgeEvidence) => Check;

/** In this order: a question means something only when those before it were answered well. */
const QUESTIONS: readonly (readonly [Question, otherwise: "reject" | "wait"])[] = [
  [enoughRows, "wait"],
  [plausible, "reject"],
  [consistent, "reject"],
  [evidentChange, "wait"],
  [somethingMoved, "wait"],
  [identifiable, "wait"],
  [predictsBetter, "reject"],
  [covers, "reject"],
];

/**
 * Whether a candidate may be put in force: accept, reject or wait.
 *
 * Held-out by construction: row i is predicted from the posterior after row i − 1.
 * @see Dawid (1984), JRSS A 147 (prequential analysis); Rhinehart (2016) on holding coefficients without evidence.
 */
export function judge(given: Case): Verdict {
  const evidence = gather(given);
  const answered = QUESTIONS.map(([question, otherwise]) => ({
    check: question(given, evidence),
    otherwise,
  }));
  const checks = answered.map(({ check }) => check);
  const failed = answered.find(({ check }) => !check.passed);
  if (!failed) return { kind: "accept", reason: acceptance(given, evidence), evidence, checks };
  const { reason } = failed.check;
  if (failed.otherwise === "reject") return { kind: "reject", reason, evidence, checks };
  const missing = HELD_OUT - evidence.heldOut.rows;
  return { kind: "wait", rows: missing > 0 ? missing : HELD_OUT, reason, evidence, checks };
}

function check(
  question: Check["question"],
  passed: boolean,
  [found, needed]: readonly [number, number],
  reason: string,
): Check {
  return { question, passed, found, needed, reason: passed ? "" : reason };
}

function enoughRows(_: Case, { heldOut: { rows } }: JudgeEvidence): Check {
  return check(
    "enough rows",
    rows >= HELD_OUT,
    [rows, HELD_OUT],
    `${rows} of ${HELD_OUT} held-out rows so far`,
  );
}

function plausible({ definition, incumbent, candidate, trace }: Case): Check {
  const since = incumbent.version === 0 ? (trace[0]?.at ?? candidate.at) : incumbent.window[1];
  const days = Math.max(candidate.at - since, MILLIS_PER_DAY) / MILLIS_PER_DAY;
  let [worst, told] = [0, ""];
  for (const [index, { id, drift, unit }] of definition.parameters.entries()) {
    const to = candidate.parameters[index]?.mean ?? 0;
    const from = incumbent.parameters[index]?.mean ?? to;
    const most = IMPLAUSIBLE * drift * Math.sqrt(days);
    const share = Math.abs(to - from) / most;
    if (share <= worst) continue;
    worst = share;
    told = `implausible: ${id} would jump from ${from.toPrecision(3)} to ${to.toPrecision(3)} ${unit} in ${days.toFixed(1)} days, at most ${most.toPrecision(3)} is believable`;
  }
  return check("plausible", worst <= 1, [worst, 1], told);
}

function consistent(_: Case, { nis: { sum, freedom } }: JudgeEvidence): Check {
  const bound = freedom === 0 ? 0 : chiSquaredInverseSurvival(RARE, freedom);
  const reason = `inconsistent with its own predictions: NIS ${sum.toFixed(0)} over ${freedom} readings`;
  return check("consistent", freedom === 0 || sum <= bound, [sum, bound], reason);
}

/** Its past 90 % bands must have held the readings that came: fewer than one in 10,000 honest bands hold so few. */
function covers(_: Case, { coverage: { inside, readings } }: JudgeEvidence): Check {
  const least =
    readings * NOMINAL + standardNormalQuantile(RARE) * Math.sqrt(readings * NOMINAL * (1 - NOMINAL));
  const reason = `its bands are too narrow: ${inside} of ${readings} readings lay in past 90 % bands, at least ${Math.ceil(least)} should`;
  return check("covers", inside >= least, [inside, least], reason);
}

/** The hold rule: nothing is put in force without evidence that a parameter moved … */
function evidentChange({ alarmed }: Case, { change }: JudgeEvidence): Check {
  const why = alarmed ? "alarmed, but held-out rows do not show it yet" : "hold: no evidence of a change";
  return check(
    "evidence of a change",
    change >= ENOUGH,
    [change, ENOUGH],
    `${why} (${change.toFixed(1)} of ${ENOUGH.toFixed(1)} nats)`,
  );
}

/** … and which. */
function somethingMoved({ alarmed }: Case, { moved }: JudgeEvidence): Check {
  return check(
    "something moved",
    alarmed || moved.length > 0,
    [moved.length, 1],
    "hold: no parameter moved beyond what its uncertainty explains",
  );
}

function identifiable(_: Case, { moved }: JudgeEvidence): Check {
  const known = moved.filter((one) => one.identifiable !== "not").length;
  const which = moved.map(({ id }) => id).join(", ");
  return check(
    "identifiable",
    moved.length === 0 || known > 0,
    [known, Math.min(moved.length, 1)],
    `what moved cannot be told apart yet: ${which}`,
  );
}

/** Better than the incumbent on rows that it was not fitted to? */
function predictsBetter({ incumbent }: Case, { heldOut }: JudgeEvidence): Check {
  const gain = heldOut.candidate - heldOut.incumbent;
  return check(
    "predicts better",
    gain > 0,
    [gain, 0],
    `predicts no better than version ${incumbent.version}: ${gain.toFixed(1)} nats over ${HELD_OUT} rows`,
  );
}

function acceptance({ definition }: Case, { heldOut, moved }: JudgeEvidence): string {
  const gain = heldOut.candidate - heldOut.incumbent;
  const unitOf = (id: string): string => definition.parameters.find((one) => one.id === id)?.unit ?? "";
  const moves = moved.map(
    ({ id, from, to }) => `${id} ${from.toPrecision(3)} → ${to.toPrecision(3)} ${unitOf(id)}`,
  );
  return [`predicts better by ${gain.toFixed(1)} nats over ${HELD_OUT} rows`, moves.join(", ")]
    .filter(Boolean)
    .join("; ");
}
