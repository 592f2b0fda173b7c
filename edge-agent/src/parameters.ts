import type { SetPointer } from "@plumbline/twin/contract/parameter-set";
import { encodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import { Courier } from "./apply/courier.ts";
import type { Machine } from "./apply/desk.ts";
import { verifySet } from "./apply/verify.ts";
import { Backoff, type Dice } from "./backoff.ts";
import type { Clock } from "./clock.ts";
import type { ApplyConfig } from "./config.ts";
import type { EdgeEvent } from "./events.ts";
import type { JournalEntry } from "./outbox/outbox.ts";
import type { Station } from "./station.ts";
import type { CloudLink } from "./uplink/cloud-link.ts";

export interface ParametersPort {
  readonly machine: Machine;
  readonly config: ApplyConfig;
  readonly clock: Clock;
  readonly dice: Dice;
  station(): Station;
  link(): CloudLink | undefined;
  record(entry: JournalEntry): void;
  tell(event: EdgeEvent): void;
}

/** The way of a parameter set through the agent: shadow, parts, verification, trial; and the report back. */
export class Parameters {
  readonly #port: ParametersPort;
  readonly #courier: Courier;
  readonly #backoff: Backoff;
  #reported = "";
  #reporting = false;
  #committed = "";
  #timer: NodeJS.Timeout | undefined;
  #expiredTold = 0;

  constructor(port: ParametersPort) {
    const { clock, dice } = port;
    this.#port = port;
    this.#backoff = new Backoff(250, clock.backoff(60_000), dice);
    this.#courier = new Courier(
      {
        instance: port.machine.instance,
        patience: clock.backoff(2_000) / 2,
        longestBackoff: clock.backoff(60_000),
        dice,
      },
      {
        seen: () => port.station().desk.seen,
        connected: () => port.link()?.connected === true,
        requestParts: async (json) => port.link()?.requestParts(json),
        complete: (jws, version) => this.#judge(jws, version),
        incomplete: (version, detail) => this.#refuse(version, "parts", detail),
      },
      port.tell,
    );
  }

  /** Highest version that the shadow ever named. */
  get seenVersion(): number {
    return this.#courier.newest;
  }
  /** Things under way: a set being collected, and a report that the shadow has not taken yet (while the link is up). */
  get queue(): number {
    const reporting = this.#port.link()?.connected === true && this.#committed !== this.#reported;
    return (this.#courier.busy ? 1 : 0) + (reporting ? 1 : 0);
  }

  connected(): void {
    this.#reported = "";
    this.poll();
    this.#report();
  }
  poll(): void {
    this.#port
      .link()
      ?.getShadow()
      .catch(() => undefined);
  }
  desired(pointer: SetPointer): void {
    this.#courier.desired(pointer);
  }
  part(version: number, index: number, text: string): void {
    this.#courier.part(version, index, text);
  }

  #judge(jws: string, version: number): void {
    const { machine, config, clock } = this.#port;
    const { desk, nonce } = this.#port.station();
    const verdict = verifySet(jws, {
      ...machine,
      ...config,
      highest: desk.highest,
      nonce,
      now: clock.now(),
      latestHonest: clock.latestHonest(),
    });
    if (verdict.kind === "refused") this.#refuse(version, verdict.check, verdict.detail);
    else if (verdict.set.version !== version) {
      this.#refuse(
        version,
        "version",
        `the shadow names version ${version}, the set says ${verdict.set.version}`,
      );
    } else {
      this.#port.record({
        kind: "trial",
        set: encodeParameterSet(verdict.set),
        kid: verdict.kid,
        at: this.#at(),
      });
    }
  }

  #refuse(version: number, check: string, detail: string): void {
    const at = this.#at();
    const reason = `${check}: ${detail}`.slice(0, 256);
    this.#port.record({
      kind: "refusal",
      record: { kind: "decision", at, outcome: "refused", version, reason },
    });
  }

  /** Event time where there is any. */
  #at(): number {
    return this.#port.station().newest ?? this.#port.clock.now();
  }

  /** At the cabinet. `resume` puts the set that was stepped back from on trial again. */
  byHand(action: "revert" | "resume"): { readonly done: boolean; readonly detail: string } {
    const { desk } = this.#port.station();
    if (action === "revert") {
      const leaving = desk.candidate ?? desk.incumbent;
      if (leaving.version === 0)
        return {
          done: false,
          detail: "version 0, the definition's own prior, is in force: there is nothing to step back from",
        };
      this.#port.record({ kind: "hand", action, at: this.#at() });
      return {
        done: true,
        detail: `version ${leaving.version} is set aside; version ${desk.incumbent.version} is in force until a newer one comes, or resume`,
      };
    }
    if (!desk.held) return { done: false, detail: "no set is held" };
    const { version } = desk.held;
    this.#port.record({
      kind: "trial",
      set: encodeParameterSet(desk.held),
      kid: desk.kids.held ?? "",
      at: this.#at(),
    });
    return { done: true, detail: `version ${version} is on trial again` };
  }

  /** Called after each commit: what the journal holds may be reported now. */
  committed(): void {
    const { desk, nonce } = this.#port.station();
    const now = this.#port.clock.now();
    const { version, expires } = desk.incumbent;
    if (desk.isExpired(now) && this.#expiredTold !== version) {
      this.#expiredTold = version;
      this.#port.tell({ name: "parameters.expired", version, expires });
    }
    const revoked =
      desk.kids.incumbent !== undefined && this.#port.config.revoked.includes(desk.kids.incumbent);
    const reported = desk.reported(nonce, now);
    this.#committed = JSON.stringify(revoked ? { ...reported, expired: true } : reported);
    this.#report();
  }

  #report(): void {
    const link = this.#port.link();
    if (
      this.#reporting ||
      this.#committed === "" ||
      this.#committed === this.#reported ||
      link?.connected !== true
    )
      return;
    const sending = this.#committed;
    this.#reporting = true;
    link.report(JSON.parse(sending)).then(
      () => {
        this.#reporting = false;
        this.#reported = sending;
        this.#backoff.reset();
        this.#report();
      },
      (error: unknown) => {
        this.#reporting = false;
        const retryMs = this.#backoff.next();
        this.#port.tell({
          name: "parameters.report-failed",
          reason: error instanceof Error ? error.message : String(error),
          retryMs,
        });
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#report(), retryMs);
      },
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#courier.stop();
  }
}
