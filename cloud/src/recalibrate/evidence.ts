import type { Verdict } from "@plumbline/twin/calibration/judge";
import type { CandidatePosterior, PosteriorPoint } from "@plumbline/twin/calibration/posterior";
import type { Refusal } from "@plumbline/twin/calibration/rows";
import { canonicalJson } from "@plumbline/twin/contract/canonical-json";
import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { sha256 } from "@plumbline/twin/contract/sha256";
import type { RegimeForecast } from "@plumbline/twin/prognosis/regime-forecasts";
import type { Position } from "../store/frame-index.ts";
import { evidenceKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** Why a recalibration ended as it did. A function of the data: no times of the machine that ran it. */
export interface Evidence {
  readonly thing: string;
  readonly instance: string;
  readonly twin: { readonly id: string; readonly version: string };
  readonly position: Position;
  /** Scenario time of the verdict: when the planner submitted the job, the same in every attempt. */
  readonly asOf: number;
  /** Event time of the last row assimilated. */
  readonly at: number;
  /** Estimates alone: nothing was decided. */
  readonly verdict: Verdict | null;
  readonly before: { readonly version: number; readonly parameters: ParameterSet["parameters"] };
  readonly after: CandidatePosterior;
  /** The posterior after each row of this run. */
  readonly trace: readonly PosteriorPoint[];
  /** When parameters will change their regime, as far as that can be foretold. */
  readonly forecasts: readonly RegimeForecast[];
  /** Readings and rows of this run that were not assimilated, and why. */
  readonly refused: readonly Refusal[];
  readonly modelRuns: number;
  readonly points: number;
  readonly digest: string;
}

const DIGITS = 15;

/** Stores the evidence under a name made of its time and content; gives that and the hash of its bytes. */
export async function storeEvidence(
  objects: ObjectStore,
  evidence: Evidence,
): Promise<{ readonly id: string; readonly hash: string }> {
  const text = canonicalJson(evidence);
  const hash = sha256(text);
  const id = `${String(evidence.at).padStart(DIGITS, "0")}-${hash.slice(0, 16)}`;
  await objects.put(evidenceKey(evidence.thing, evidence.instance, id), new TextEncoder().encode(text), {
    absent: true,
  });
  return { id, hash };
}
