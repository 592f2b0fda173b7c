import type { SetPointer } from "@plumbline/twin/contract/parameter-set";
import { encodeParameterSet } from "@plumbline/twin/contract/parameter-set";
import { Courier } from "./apply/courier.ts";
import type { Machine, Refusal } from "./apply/desk.ts";
import { ShadowReporter } from "./apply/shadow-reporter.ts";
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
  readonly #reporter: ShadowReporter;
  /** A set that waits for the clock to be set. In memory only: after a restart the shadow names it again. */
  #waiting: { readonly jws: string; readonly pointer: SetPointer } | undefined;

  constructor(port: ParametersPort) {
    const { clock, dice } = port;
    this.#port = port;
    this.#reporter = new ShadowReporter(
      {
        connected: () => port.link()?.connected === true,
        report: async (reported) => port.link()?.report(reported),
        now: () => clock.now(),
        tell: port.tell,
      },
      port.config.revoked,
      new Backoff(250, clock.backoff(60_000), dice),
    );
    this.#courier = new Courier(
      {
        instance: port.machine.instance,
        patience: clock.backoff(2_000) / 2,
        longestBackoff: clock.backoff(60_000),
        dice,
      },
      {
        isJudged: (pointer) => port.station().desk.isJudged(pointer),
        connected: () => port.link()?.connected === true,
        requestParts: async (json) => port.link()?.requestParts(json),
        complete: (jws, pointer) => this.#judge(jws, pointer),
        incomplete: (pointer, detail) => this.#refuse(pointer, "parts", detail),
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
    return (this.#courier.busy ? 1 : 0) + (this.#reporter.isBehind ? 1 : 0);
  }

  connected(): void {
    this.poll();
    this.#reporter.connected();
  }
  poll(): void {
    this.#port
      .link()
      ?.getShadow()
      .catch(() => undefined);
  }
  desired(pointer: SetPointer): void {
    if (pointer.digest === this.#waiting?.pointer.digest) return;
    this.#waiting = undefined;
    this.#courier.desired(pointer);
  }
  part(version: number, index: number, text: string): void {
    this.#courier.part(version, index, text);
  }

  #judge(jws: string, pointer: SetPointer): void {
    const { machine, config, clock } = this.#port;
    const { desk, nonce } = this.#port.station();
    const verdict = verifySet(jws, {
      ...machine,
      ...config,
      highest: desk.highest,
      nonce,
      now: clock.now(),
      clockSet: clock.isSet(),
      latestHonest: clock.latestHonest(),
    });
    if (verdict.kind === "held") {
      this.#waiting = { jws, pointer };
      this.#port.tell({ name: "parameters.held", version: pointer.version, reason: verdict.detail });
      return;
    }
    if (verdict.kind === "refused") this.#refuse(pointer, verdict.check, verdict.detail);
    else if (verdict.set.version !== pointer.version) {
      this.#refuse(
        pointer,
        "version",
        `the shadow names version ${pointer.version}, the set says ${verdict.set.version}`,
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

  #refuse({ version, digest }: SetPointer, check: string, detail: string): void {
    const at = this.#at();
    const reason = `${check}: ${detail}`.slice(0, 256);
    const refusal: Refusal = {
      kind: "refusal",
      record: { kind: "decision", at, outcome: "refused", version, reason },
      pointer: digest,
    };
    this.#port.record(refusal);
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
    this.#reporter.committed(desk, nonce);
  }

  /** Called with every heartbeat, connected or not. */
  tick(): void {
    this.#reporter.look();
    if (!this.#waiting || !this.#port.clock.isSet()) return;
    const { jws, pointer } = this.#waiting;
    this.#waiting = undefined;
    this.#judge(jws, pointer);
  }

  stop(): void {
    this.#reporter.stop();
    this.#courier.stop();
  }
}
