import type { SetPointer } from "@plumbline/twin/contract/parameter-set";
import { encodePartRequest } from "@plumbline/twin/contract/parts";
import { Backoff, type Dice } from "../backoff.ts";
import type { EdgeEvent } from "../events.ts";
import { PartCollector } from "./part-collector.ts";

/** Rounds of asking again for parts before the set is refused. */
const ROUNDS = 5;

export interface CourierOptions {
  readonly instance: string;
  /** First wait for parts, wall ms; doubles each round, with full jitter on top. */
  readonly patience: number;
  readonly longestBackoff: number;
  readonly dice: Dice;
}
export interface CourierPort {
  /** The set that it names has been judged. */
  isJudged(pointer: SetPointer): boolean;
  /** False while the link is down: rounds of asking do not count then. */
  connected(): boolean;
  requestParts(json: string): Promise<void>;
  /** All parts are here and their digests hold. */
  complete(jws: string, pointer: SetPointer): void;
  /** The check "parts" failed. */
  incomplete(pointer: SetPointer, detail: string): void;
}

/** Brings a set from the shadow's pointer to the desk, part by part. The shadow's latest word counts, whatever its version. */
export class Courier {
  readonly #collector = new PartCollector();
  readonly #options: CourierOptions;
  readonly #port: CourierPort;
  readonly #tell: (event: EdgeEvent) => void;
  readonly #backoff: Backoff;
  #timer: NodeJS.Timeout | undefined;
  #round = 0;
  #newest = 0;

  constructor(options: CourierOptions, port: CourierPort, tell: (event: EdgeEvent) => void) {
    this.#options = options;
    this.#port = port;
    this.#tell = tell;
    this.#backoff = new Backoff(options.patience, options.longestBackoff, options.dice);
  }

  /** Highest version that a pointer ever named. */
  get newest(): number {
    return this.#newest;
  }
  get busy(): boolean {
    return this.#collector.pointer !== undefined;
  }

  desired(pointer: SetPointer): void {
    this.#newest = Math.max(this.#newest, pointer.version);
    if (this.#port.isJudged(pointer) || pointer.digest === this.#collector.pointer?.digest) return;
    this.#tell({ name: "parameters.offered", version: pointer.version, parts: pointer.parts.length });
    this.#round = 0;
    this.#backoff.reset();
    this.#collector.want(pointer);
    this.#step();
  }

  part(version: number, index: number, text: string): void {
    this.#collector.take(version, index, text);
    if (version === this.#collector.pointer?.version && this.#collector.missing().length === 0) this.#step();
  }

  #step(): void {
    clearTimeout(this.#timer);
    const { pointer } = this.#collector;
    if (!pointer) return;
    if (this.#collector.missing().length > 0) {
      this.#timer = setTimeout(() => this.#askAgain(), this.#options.patience + this.#backoff.next());
      return;
    }
    const whole = this.#collector.whole();
    this.#collector.forget();
    if (whole === undefined)
      this.#port.incomplete(pointer, "the parts together are not the set that the shadow names");
    else this.#port.complete(whole, pointer);
  }

  #askAgain(): void {
    const { pointer } = this.#collector;
    const missing = this.#collector.missing();
    if (!pointer || missing.length === 0) return;
    if (this.#port.connected()) {
      this.#round++;
      if (this.#round > ROUNDS) {
        this.#collector.forget();
        this.#port.incomplete(
          pointer,
          `${missing.length} of ${pointer.parts.length} parts did not come in ${ROUNDS} rounds of asking`,
        );
        return;
      }
      this.#tell({
        name: "parameters.parts-missing",
        version: pointer.version,
        missing: missing.length,
        round: this.#round,
      });
      this.#port
        .requestParts(
          encodePartRequest({ instance: this.#options.instance, version: pointer.version, missing }),
        )
        .catch(() => undefined);
    }
    this.#step();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
