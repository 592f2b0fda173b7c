import { TwinError } from "@plumbline/twin/errors";
import type { CloudEvent } from "../events.ts";
import { getJson, swapJson } from "../store/json-object.ts";
import { leaseKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** Who holds a machine. A later attempt of the same job takes over at once: its predecessor is dead. */
export interface Owner {
  readonly job: string;
  readonly attempt: number;
}
interface LeaseRecord extends Owner {
  /** Wall time, ms. */
  readonly expires: number;
}

/** Longer than any pause of a living holder between renewals. */
const TERM = 120_000;
const LOOK_AGAIN = 500;

export interface LeasePorts {
  readonly objects: ObjectStore;
  readonly wall: () => number;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly tell: (event: CloudEvent) => void;
}

/**
 * One recalibration of a machine at a time. The lease saves work, it does not guard the data: that the posterior's
 * compare-and-swap does, so a holder that was paused past its term can do no harm.
 */
export class Lease implements AsyncDisposable {
  readonly #ports: LeasePorts;
  readonly #thing: string;
  readonly #owner: Owner;
  #etag: string;
  #expires: number;

  private constructor(ports: LeasePorts, thing: string, owner: Owner, etag: string, expires: number) {
    this.#ports = ports;
    this.#thing = thing;
    this.#owner = owner;
    this.#etag = etag;
    this.#expires = expires;
  }

  /** @throws {TwinError} LEASED when another job holds it beyond `patience` (wall ms). */
  static async acquire(ports: LeasePorts, thing: string, owner: Owner, patience: number): Promise<Lease> {
    const key = leaseKey(thing);
    const deadline = ports.wall() + patience;
    for (let told = false; ; ) {
      const held = await getJson<LeaseRecord>(ports.objects, key);
      if (!held || mayTake(held.value, owner, ports.wall())) {
        const expires = ports.wall() + TERM;
        const taken = await swapJson(ports.objects, key, { ...owner, expires }, held?.etag);
        if (taken?.etag !== undefined) return new Lease(ports, thing, owner, taken.etag, expires);
        continue;
      }
      if (ports.wall() >= deadline) {
        throw new TwinError(
          "LEASED",
          `${thing} is being recalibrated by ${held.value.job}`,
          "wait for it to end, then run again",
          { retry: "later" },
        );
      }
      if (!told) ports.tell({ name: "recalibrate.waiting", thing, holder: held.value.job });
      told = true;
      await ports.sleep(LOOK_AGAIN);
    }
  }

  /** Called between units of work; renews in the second half of the term. */
  async renew(): Promise<void> {
    if (this.#ports.wall() < this.#expires - TERM / 2) return;
    const expires = this.#ports.wall() + TERM;
    const renewed = await swapJson(
      this.#ports.objects,
      leaseKey(this.#thing),
      { ...this.#owner, expires },
      this.#etag,
    );
    if (renewed?.etag === undefined) {
      throw new TwinError(
        "LEASE_LOST",
        `another job has taken over ${this.#thing}`,
        "nothing to do: that job finishes the work",
      );
    }
    this.#etag = renewed.etag;
    this.#expires = expires;
  }

  /** Lets go; a lease that was taken over is left alone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await swapJson(this.#ports.objects, leaseKey(this.#thing), { ...this.#owner, expires: 0 }, this.#etag);
  }
}

const mayTake = (held: LeaseRecord, owner: Owner, wall: number): boolean =>
  held.expires <= wall || (held.job === owner.job && held.attempt <= owner.attempt);
