import { createPublicKey, verify as verifySignature } from "node:crypto";
import { splitJws, type UnverifiedJws } from "@plumbline/twin/contract/jws";
import { decodeParameterSet, type ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";

/** The check that a refused set failed. The word stands first in the reason that the cloud reads. */
export type Check =
  | "parts"
  | "format"
  | "key"
  | "revoked"
  | "signature"
  | "payload"
  | "thing"
  | "instance"
  | "twin"
  | "model"
  | "version"
  | "nonce"
  | "issued"
  | "expired"
  | "parameters"
  | "bounds"
  | "covariance"
  | "signals";

export type Verdict =
  | { readonly kind: "verified"; readonly set: ParameterSet; readonly kid: string }
  | { readonly kind: "refused"; readonly check: Check; readonly detail: string }
  /** Nothing is wrong with it, but its age cannot be judged yet: it is to be judged again. */
  | { readonly kind: "held"; readonly detail: string };

export interface Expectation {
  readonly definition: TwinDefinition;
  readonly thing: string;
  readonly instance: string;
  readonly keys: readonly { readonly kid: string; readonly pem: string }[];
  readonly revoked: readonly string[];
  /** Highest version ever tried; null: no memory, only an answer to `nonce` is taken. */
  readonly highest: number | null;
  readonly nonce: string;
  /** Scenario time, ms. */
  readonly now: number;
  /** False: `now` means nothing. */
  readonly clockSet: boolean;
  /** A set issued above this cannot be honest yet. */
  readonly latestHonest: number;
}

/** Decides whether a signed set may go on trial. Nothing in it is read before its signature holds. */
export function verifySet(jws: string, expect: Expectation): Verdict {
  const signed = checkSignature(jws, expect);
  if (signed.kind === "refused") return signed;
  let set: ParameterSet;
  try {
    set = decodeParameterSet(signed.jws.payload);
  } catch (error) {
    return refused("payload", error instanceof Error ? error.message : String(error));
  }
  return (
    checkAddress(set, expect) ??
    checkVersion(set, expect) ??
    checkAge(set, expect) ??
    checkContent(set, expect.definition) ?? { kind: "verified", set, kid: signed.jws.kid }
  );
}

function checkSignature(
  jws: string,
  { keys, revoked }: Expectation,
): { kind: "signed"; jws: UnverifiedJws } | Refusal {
  let split: UnverifiedJws;
  try {
    split = splitJws(jws);
  } catch (error) {
    return refused("format", error instanceof TwinError ? error.message : "not a compact JWS");
  }
  const key = keys.find(({ kid }) => kid === split.kid);
  if (revoked.includes(split.kid)) return refused("revoked", `key ${split.kid} is revoked`);
  if (!key) return refused("key", `key ${split.kid} is not pinned`);
  const holds = verifySignature(
    "sha256",
    Buffer.from(split.input, "ascii"),
    { key: createPublicKey(key.pem), dsaEncoding: "ieee-p1363" },
    split.signature,
  );
  return holds
    ? { kind: "signed", jws: split }
    : refused("signature", `the signature does not match key ${split.kid}`);
}

function checkAddress(set: ParameterSet, { thing, instance, definition }: Expectation): Refusal | undefined {
  if (set.thing !== thing) return refused("thing", `it is for ${set.thing}, this is ${thing}`);
  if (set.instance !== instance) return refused("instance", `it is for ${set.instance}, this is ${instance}`);
  const { id, version } = definition;
  if (set.twin.id !== id || set.twin.version !== version)
    return refused("twin", `it is for ${set.twin.id} ${set.twin.version}, this runs ${id} ${version}`);
  const digest = definitionDigest(definition);
  if (set.model !== digest || set.light.id !== definition.model)
    return refused("model", `it is for model ${set.model.slice(0, 12)}, this runs ${digest.slice(0, 12)}`);
  return undefined;
}

function checkVersion(set: ParameterSet, { highest, nonce }: Expectation): Refusal | undefined {
  if (highest !== null && set.version <= highest)
    return refused("version", `version ${set.version} is not above ${highest}, the highest ever tried`);
  if (highest === null && set.nonce !== nonce)
    return refused(
      "nonce",
      "this gateway remembers no versions: the set must carry the nonce that it reports",
    );
  return undefined;
}

function checkAge(
  set: ParameterSet,
  { now, clockSet, latestHonest }: Expectation,
): Refusal | Extract<Verdict, { kind: "held" }> | undefined {
  if (!clockSet)
    return { kind: "held", detail: `the clock is not set: it shows ${new Date(now).toISOString()}` };
  if (set.issued > latestHonest)
    return refused("issued", `issued ${new Date(set.issued).toISOString()}, which has not come yet`);
  if (set.expires <= now) return refused("expired", `expired ${new Date(set.expires).toISOString()}`);
  return undefined;
}

function checkContent(set: ParameterSet, { parameters, signals }: TwinDefinition): Refusal | undefined {
  const size = parameters.length;
  if (set.parameters.length !== size)
    return refused("parameters", `${set.parameters.length} parameters, the twin has ${size}`);
  for (const [index, { id, unit, bounds }] of parameters.entries()) {
    const estimate = set.parameters[index];
    if (estimate?.id !== id || estimate.unit !== unit)
      return refused(
        "parameters",
        `parameter ${index} is ${estimate?.id} in ${estimate?.unit}, the twin has ${id} in ${unit}`,
      );
    const { mean, sd, interval90, interval99 } = estimate;
    if (!(mean >= bounds[0] && mean <= bounds[1]))
      return refused("bounds", `${id} = ${mean} is outside [${bounds.join(", ")}]`);
    if (!(sd >= 0) || interval90[0] > interval90[1] || interval99[0] > interval99[1])
      return refused("bounds", `${id} has no sound uncertainty`);
  }
  if (set.covariance.length !== size * size || !set.covariance.every(Number.isFinite))
    return refused("covariance", `it must have ${size * size} finite entries`);
  for (let row = 0; row < size; row++) {
    if (!((set.covariance[row * size + row] ?? 0) > 0))
      return refused("covariance", `the variance of ${parameters[row]?.id} is not positive`);
  }
  const known =
    signals.every(({ id }, index) => set.signals[index]?.id === id) && set.signals.length === signals.length;
  if (!known || set.signals.some(({ noise, biasSd }) => !(noise > 0) || !(biasSd >= 0)))
    return refused("signals", "its signals are not the twin's, or one has no positive noise");
  return undefined;
}

type Refusal = Extract<Verdict, { kind: "refused" }>;
const refused = (check: Check, detail: string): Refusal => ({ kind: "refused", check, detail });
