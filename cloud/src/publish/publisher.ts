import { compactJws, signingInput, splitJws } from "@plumbline/twin/contract/jws";
import { MAX_PARTS, MAX_SET_BYTES, type SetPointer } from "@plumbline/twin/contract/parameter-set";
import { cutIntoParts } from "@plumbline/twin/contract/parts";
import { partTopic } from "@plumbline/twin/contract/topics";
import { TwinError } from "@plumbline/twin/errors";
import type { GatewayLink } from "../aws/iot-data.ts";
import type { Signer } from "../aws/kms-signer.ts";
import type { CloudEvent } from "../events.ts";
import { putJson } from "../store/json-object.ts";
import { setKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type StoredSet, storedSet } from "../store/parameter-sets.ts";
import { desiredPointer } from "../store/reported.ts";

/**
 * Brings a parameter set to its gateway: signed, stored, sent in parts, pointed at. Holds:
 *  - a version is stored once: ECDSA signs the same text differently each time, so the first signature stays;
 *  - the parts are on their way before the pointer tells of them (the gateway asks again for what it missed);
 *  - a pointer of our own is never lowered; one that we did not issue gives way, whatever its version: the gateway refuses
 *    by digest, so a set below a refused one is tried, and leaving the stranger's pointer would cut the gateway off.
 */
export class Publisher {
  readonly #objects: ObjectStore;
  readonly #link: GatewayLink;
  readonly #signer: Signer;
  readonly #tell: (event: CloudEvent) => void;

  constructor(
    objects: ObjectStore,
    link: GatewayLink,
    signer: Signer,
    tell: (event: CloudEvent) => void = () => undefined,
  ) {
    this.#objects = objects;
    this.#link = link;
    this.#signer = signer;
    this.#tell = tell;
  }

  /**
   * @throws {TwinError} VERSION_TAKEN when the version was issued before with another content; POINTER_AHEAD when a higher
   * version of ours is pointed at already.
   */
  async publish(
    thing: string,
    instance: string,
    set: { readonly version: number; readonly payload: string },
  ): Promise<number> {
    const { version } = set;
    const jws = await this.#signed(thing, instance, set);
    const { pointer, parts } = cutIntoParts(jws, version);
    const shadow = await this.#link.shadow(thing, instance);
    const desired = desiredPointer(shadow);
    if (desired?.digest === pointer.digest) return parts.length;
    if (desired && desired.version >= version) await this.#judgeAhead(thing, instance, version, desired);
    for (const [index, part] of parts.entries())
      await this.#link.publish(partTopic(thing, instance, version, index), part);
    await this.#link.desire(thing, instance, { ...pointer });
    return parts.length;
  }

  /** Something else stands where this version should: ours is left there, a stranger's is told of. */
  async #judgeAhead(thing: string, instance: string, version: number, desired: SetPointer): Promise<void> {
    const known = await storedSet(this.#objects, thing, instance, desired.version);
    if (known && cutIntoParts(known.jws, desired.version).pointer.digest === desired.digest) {
      throw new TwinError(
        "POINTER_AHEAD",
        `version ${version} of ${thing} was not sent: its shadow points at version ${desired.version} already`,
        "run the recalibration again: it takes the next version above everything stored",
      );
    }
    this.#tell({
      name: "publish.foreign-pointer",
      thing,
      version: desired.version,
      code: "FOREIGN_POINTER",
      hint: `the shadow of ${thing} pointed at a set that is not in the archive; version ${version} takes its place: find who else may update this shadow, and take that out of their policy`,
    });
  }

  async #signed(
    thing: string,
    instance: string,
    { version, payload }: { readonly version: number; readonly payload: string },
  ): Promise<string> {
    const known = await storedSet(this.#objects, thing, instance, version);
    if (known) return sameContent(known, payload);
    const input = signingInput(this.#signer.keyId, payload);
    const jws = compactJws(input, await this.#signer.sign(input));
    const { parts } = cutIntoParts(jws, version);
    if (jws.length > MAX_SET_BYTES || parts.length > MAX_PARTS) {
      throw new TwinError(
        "SET_TOO_LARGE",
        `parameter set ${version} of ${thing} has ${jws.length} bytes in ${parts.length} parts`,
        `sets have at most ${MAX_SET_BYTES} bytes and ${MAX_PARTS} parts: declare fewer parameters per twin`,
      );
    }
    const outcome = await putJson(
      this.#objects,
      setKey(thing, instance, version),
      { version, jws } satisfies StoredSet,
      { absent: true },
    );
    if (outcome.kind === "stored") return jws;
    const first = await storedSet(this.#objects, thing, instance, version);
    if (first) return sameContent(first, payload);
    throw new TwinError(
      "CONTENDED",
      `set ${version} of ${thing} is being written by another job`,
      "run again",
      { retry: "later" },
    );
  }
}

function sameContent({ version, jws }: StoredSet, payload: string): string {
  if (splitJws(jws).payload === payload) return jws;
  throw new TwinError(
    "VERSION_TAKEN",
    `version ${version} was already issued with another content`,
    "run the recalibration again: it takes the next version",
  );
}
