import { Trial, type TrialVerdict } from "@plumbline/twin/calibration/trial";
import type { DecisionRecord } from "@plumbline/twin/contract/frame";
import {
  decodeParameterSet,
  encodeParameterSet,
  type ParameterSet,
  type SetPointer,
  type SetReport,
  type ShadowReported,
} from "@plumbline/twin/contract/parameter-set";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import { priorSet } from "@plumbline/twin/definition/prior-set";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import type { Row } from "@plumbline/twin/estimation/observer";

export type SlotName = "incumbent" | "previous" | "candidate" | "held";
export type Slots = Readonly<Partial<Record<SlotName, string>>>;
export interface SlotChange {
  readonly name: SlotName;
  readonly content: { readonly version: number; readonly body: string } | null;
}

/** What the desk remembers besides the sets themselves, as plain JSON. */
export interface DeskState {
  /** Highest version ever tried; null: no memory of any. */
  readonly highest: number | null;
  /** Digests of the pointers whose sets were turned down, oldest first: they are not judged again. */
  readonly refused: readonly string[];
  readonly report: SetReport | null;
  /** The newest refusal that fell during a trial, and stands behind that trial's outcome. */
  readonly meanwhile: SetReport | null;
  readonly trial: string | null;
  /** Key under which the incumbent and the candidate were signed. */
  readonly kids: Readonly<Partial<Record<SlotName, string>>>;
  /** Version in force, 0 the prior; an older agent did not note it. */
  readonly inForce?: number;
}
export const NO_MEMORY: DeskState = {
  highest: null,
  refused: [],
  report: null,
  meanwhile: null,
  trial: null,
  kids: {},
};
export const SLOT_DAMAGED = "slot damaged";
/** Pointers that were refused are remembered up to this many: whoever sends more costs one judgement each. */
const REFUSED_KEPT = 32;

/** A refusal as the journal keeps it. */
export interface Refusal {
  readonly kind: "refusal";
  readonly record: DecisionRecord;
  /** Digest of the refused set as the shadow named it; absent in a journal of an older agent. */
  readonly pointer?: string;
}

export interface Machine {
  readonly definition: TwinDefinition;
  readonly thing: string;
  readonly instance: string;
}

/**
 * Which parameter set is in force, which is on trial, and what becomes of it. Holds:
 *  - during a trial the incumbent is in force;
 *  - a version is tried at most once; the highest ever tried survives a revert;
 *  - a refused set was never tried: it is remembered by its digest, and its version stands in nobody's way;
 *  - everything here is a function of the journal: no clock, no dice.
 */
export class ParameterDesk {
  readonly #machine: Machine;
  /** In force until the first commit. */
  readonly #prior: ParameterSet;
  readonly #sets: Partial<Record<SlotName, ParameterSet>> = {};
  readonly #changed = new Set<SlotName>();
  readonly #kids: Partial<Record<SlotName, string>>;
  #trial: Trial | undefined;
  #highest: number | null;
  readonly #refused: string[];
  #report: SetReport | null;
  #meanwhile: SetReport | null;

  /** Sets of another twin definition are left aside: they were never meant for this one. */
  constructor(machine: Machine, slots: Slots = {}, state: DeskState = NO_MEMORY) {
    this.#machine = machine;
    this.#prior = priorSet(machine.definition, machine.thing, machine.instance);
    for (const name of ["incumbent", "previous", "candidate", "held"] as const) this.#load(name, slots[name]);
    this.#kids = { ...state.kids };
    this.#highest = state.highest;
    // A file of an older agent has a number here, and no refusal that waits.
    this.#refused = Array.isArray(state.refused) ? [...state.refused] : [];
    this.#report = state.report;
    this.#meanwhile = state.meanwhile ?? null;
    const { candidate } = this.#sets;
    // The candidate's slot may be ahead of the state: its trial then begins with the journal's own entry.
    if (candidate && state.trial !== null)
      this.#trial = Trial.restore(machine.definition, this.incumbent, candidate, state.trial);
    else delete this.#sets.candidate;
  }

  #load(name: SlotName, body: string | undefined): void {
    if (body === undefined) return;
    const set = decodeParameterSet(body);
    if (set.model === definitionDigest(this.#machine.definition)) this.#sets[name] = set;
  }

  /** In force. */
  get incumbent(): ParameterSet {
    return this.#sets.incumbent ?? this.#prior;
  }
  get candidate(): ParameterSet | undefined {
    return this.#trial && this.#sets.candidate;
  }
  get held(): ParameterSet | undefined {
    return this.#sets.held;
  }
  get highest(): number | null {
    return this.#highest;
  }
  get kids(): Readonly<Partial<Record<SlotName, string>>> {
    return this.#kids;
  }
  /** True when the set that a pointer names needs no judgement any more. */
  isJudged({ version, digest }: Pick<SetPointer, "version" | "digest">): boolean {
    return version <= (this.#highest ?? 0) || this.#refused.includes(digest);
  }
  /** A refusal that is to be reported once the outcome of the trial during which it fell has been. */
  get refusedMeanwhile(): SetReport | null {
    return this.#trial ? null : this.#meanwhile;
  }

  /** Puts a verified set beside the incumbent. No trial may be running. */
  begin(set: ParameterSet, kid: string, at: number): void {
    this.#put("candidate", set, kid);
    this.#put("held", undefined);
    this.#trial = Trial.start(this.#machine.definition, this.incumbent, set, at);
    this.#highest = Math.max(this.#highest ?? 0, set.version);
    this.#meanwhile = null;
    this.#report = {
      version: set.version,
      state: "trial",
      reason: `beside version ${this.incumbent.version}`,
      since: at,
    };
  }

  /**
   * The incumbent's slot was lost with a damaged file: the set before comes into force, else the prior, and the lost
   * version may be tried again. Returns that version.
   */
  standIn({ inForce, report }: DeskState): number | undefined {
    const lost = inForce ?? (report?.state === "committed" ? report.version : 0);
    if (lost === 0) return undefined;
    delete this.#kids.incumbent;
    this.#put("incumbent", this.#sets.previous, this.#kids.previous);
    this.#put("previous", undefined);
    this.#highest = lost - 1;
    return lost;
  }
  /** What is reported of a set that was lost so. */
  reportDamaged(version: number, at: number): void {
    this.#tell({ version, state: "reverted", reason: SLOT_DAMAGED, since: at });
  }

  row(row: Row): TrialVerdict {
    return this.#trial?.row(row) ?? { kind: "continue" };
  }

  /** The candidate comes into force. */
  commit(at: number, reason: string): void {
    const candidate = this.#sets.candidate;
    if (!candidate) return;
    this.#put("previous", this.#sets.incumbent, this.#kids.incumbent);
    this.#put("incumbent", candidate, this.#kids.candidate);
    this.#endTrial({ version: candidate.version, state: "committed", reason, since: at });
  }

  /** The candidate is set aside; the incumbent never left. */
  revert(at: number, reason: string): void {
    const candidate = this.#sets.candidate;
    if (candidate) this.#endTrial({ version: candidate.version, state: "reverted", reason, since: at });
  }

  #endTrial(report: SetReport): void {
    this.#put("candidate", undefined);
    this.#trial = undefined;
    this.#report = report;
  }

  /** At the cabinet: back to the set before this one, held until a newer version comes or `resume`. */
  stepBack(at: number, reason: string): ParameterSet | undefined {
    const leaving = this.#sets.incumbent;
    if (!leaving) return undefined;
    this.#put("held", leaving, this.#kids.incumbent);
    this.#put("incumbent", this.#sets.previous, this.#kids.previous);
    this.#put("previous", undefined);
    this.#tell({ version: leaving.version, state: "reverted", reason, since: at });
    return leaving;
  }

  refuse({ record: { version, reason, at }, pointer }: Refusal): void {
    if (pointer !== undefined) this.#refused.push(pointer);
    this.#refused.splice(0, this.#refused.length - REFUSED_KEPT);
    const report: SetReport = { version, state: "refused", reason, since: at };
    // A refusal must not hide that another set is on trial: the report would lose its place.
    if (this.#trial) this.#meanwhile = report;
    else this.#tell(report);
  }

  #tell(report: SetReport): void {
    this.#report = report;
    this.#meanwhile = null;
  }

  #put(name: SlotName, set: ParameterSet | undefined, kid?: string): void {
    if (set === undefined && this.#sets[name] === undefined) return;
    if (set === undefined) {
      delete this.#sets[name];
      delete this.#kids[name];
    } else {
      this.#sets[name] = set;
      if (kid !== undefined) this.#kids[name] = kid;
    }
    this.#changed.add(name);
  }

  /** Slots that changed since they were last asked for. */
  changes(): SlotChange[] {
    const changes = [...this.#changed].map((name) => this.#change(name));
    this.#changed.clear();
    return changes;
  }
  /** Every slot as it is now: what a new file is filled with. */
  slots(): SlotChange[] {
    return (["incumbent", "previous", "candidate", "held"] as const).map((name) => this.#change(name));
  }
  #change(name: SlotName): SlotChange {
    const set = this.#sets[name];
    return {
      name,
      content: set === undefined ? null : { version: set.version, body: encodeParameterSet(set) },
    };
  }

  reported(nonce: string): ShadowReported {
    return {
      ...(this.#report === null
        ? {}
        : { report: { ...this.#report, reason: this.#report.reason.slice(0, 256) } }),
      ...(this.#highest === null ? { nonce } : { highest: this.#highest }),
    };
  }
  /** An expired set stays in force, and is flagged. */
  isExpired(now: number): boolean {
    return this.#sets.incumbent !== undefined && this.#sets.incumbent.expires <= now;
  }

  state(): DeskState {
    return {
      highest: this.#highest,
      refused: [...this.#refused],
      report: this.#report,
      meanwhile: this.#meanwhile,
      trial: this.#trial?.snapshot() ?? null,
      kids: this.#kids,
      inForce: this.incumbent.version,
    };
  }
}
