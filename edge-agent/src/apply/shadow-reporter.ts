import type { SetReport, ShadowReported } from "@plumbline/twin/contract/parameter-set";
import type { Backoff } from "../backoff.ts";
import type { EdgeEvent } from "../events.ts";
import type { ParameterDesk } from "./desk.ts";

export interface ReporterPort {
  connected(): boolean;
  /** Resolves when the shadow has taken it. */
  report(reported: ShadowReported): Promise<void>;
  /** Scenario time, ms. */
  now(): number;
  tell(event: EdgeEvent): void;
}

/** What the newest commit made durable: nothing else may be reported. */
interface Durable {
  readonly reported: ShadowReported;
  /** What the desk refused while a set was on trial. */
  readonly meanwhile: SetReport | null;
  /** In force. */
  readonly version: number;
  readonly expires: number;
  readonly kid: string | undefined;
}

/**
 * Keeps the shadow's `reported` at what is durable. Holds:
 *  - one report is on its way at a time; the newest takes the place of those that were not sent;
 *  - a refusal that fell during a trial follows once the shadow has taken the trial's outcome (told again after a restart
 *    rather than not at all);
 *  - the flags of the set in force follow the clock, not only commits.
 */
export class ShadowReporter {
  readonly #port: ReporterPort;
  readonly #backoff: Backoff;
  readonly #revoked: readonly string[];
  #durable: Durable | undefined;
  #wanted = "";
  #taken = "";
  /** The trial's outcome that the shadow has taken. */
  #outcomeTaken = "";
  #sending = false;
  #timer: NodeJS.Timeout | undefined;
  #expiredTold = 0;
  #revokedTold = 0;

  constructor(port: ReporterPort, revoked: readonly string[], backoff: Backoff) {
    this.#port = port;
    this.#revoked = revoked;
    this.#backoff = backoff;
  }

  /** A report that the shadow has not taken yet, while it could. */
  get isBehind(): boolean {
    return this.#port.connected() && this.#wanted !== this.#taken;
  }

  /** A new connection may be to another shadow: it is told everything. */
  connected(): void {
    this.#taken = "";
    this.#send();
  }

  /** What the desk holds is durable now. */
  committed(desk: ParameterDesk, nonce: string): void {
    const { version, expires } = desk.incumbent;
    this.#durable = {
      reported: desk.reported(nonce),
      meanwhile: desk.refusedMeanwhile,
      version,
      expires,
      kid: desk.kids.incumbent,
    };
    this.look();
  }

  /** Looks at the clock: a set may have expired without any commit. */
  look(): void {
    if (!this.#durable) return;
    const { reported, meanwhile } = this.#durable;
    const isNext = meanwhile !== null && JSON.stringify(reported.report) === this.#outcomeTaken;
    this.#wanted = JSON.stringify({
      ...reported,
      ...(isNext ? { report: meanwhile } : {}),
      ...this.#flags(this.#durable),
    } satisfies ShadowReported);
    this.#send();
  }

  #flags({ version, expires, kid }: Durable): Pick<ShadowReported, "expired" | "revoked"> {
    // Version 0, the definition's own prior, was never signed and never expires.
    const expired = version > 0 && expires <= this.#port.now();
    const revoked = kid !== undefined && this.#revoked.includes(kid);
    if (expired && this.#expiredTold !== version) {
      this.#expiredTold = version;
      this.#port.tell({ name: "parameters.expired", version, expires });
    }
    if (revoked && this.#revokedTold !== version) {
      this.#revokedTold = version;
      this.#port.tell({ name: "parameters.revoked", version, kid });
    }
    return { expired, revoked };
  }

  #send(): void {
    if (this.#sending || this.#wanted === "" || this.#wanted === this.#taken || !this.#port.connected())
      return;
    const sending = this.#wanted;
    const reported = JSON.parse(sending) as ShadowReported;
    this.#sending = true;
    this.#port.report(reported).then(
      () => {
        this.#sending = false;
        this.#taken = sending;
        this.#backoff.reset();
        const outcome = JSON.stringify(reported.report);
        if (outcome === JSON.stringify(this.#durable?.reported.report)) this.#outcomeTaken = outcome;
        this.look();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #failed(error: unknown): void {
    this.#sending = false;
    const retryMs = this.#backoff.next();
    this.#port.tell({
      name: "parameters.report-failed",
      reason: error instanceof Error ? error.message : String(error),
      retryMs,
    });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), retryMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
