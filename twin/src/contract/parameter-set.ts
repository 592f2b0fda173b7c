import {
  boolean,
  type Decoder,
  finite,
  list,
  Members,
  object,
  optional,
  parseJson,
  text,
  whole,
} from "./json.ts";
import { CONTRACT_VERSION } from "./version.ts";

/** Interval of highest posterior density on the natural scale, closed at a bound. */
export type Interval = readonly [lower: number, upper: number];

export type Identifiable = "well" | "weakly" | "not";

export interface ParameterEstimate {
  readonly id: string;
  readonly unit: string;
  readonly mean: number;
  readonly sd: number;
  readonly interval90: Interval;
  readonly interval99: Interval;
  /** Posterior sd / prior sd: < 0.1 well, < 0.7 weakly, else not. */
  readonly identifiable: Identifiable;
}

export interface SignalEstimate {
  readonly id: string;
  readonly noise: number;
  readonly bias: number;
  readonly biasSd: number;
}

/**
 * What a recalibration publishes: the payload of a JWS (ES256). Version 0 is never published: it is the definition's
 * own prior (`priorSet`), in force until the first commit.
 */
export interface ParameterSet {
  readonly thing: string;
  readonly instance: string;
  readonly twin: { readonly id: string; readonly version: string };
  /** Digest of the twin definition (`definitionDigest`). */
  readonly model: string;
  readonly version: number;
  /** Scenario time, ms since the Unix epoch. */
  readonly issued: number;
  readonly expires: number;
  /** First and last event time of the data that it rests on. */
  readonly window: readonly [from: number, to: number];
  readonly parameters: readonly ParameterEstimate[];
  /** Posterior covariance of the parameters on the natural scale, row-major, parameters in definition order. */
  readonly covariance: readonly number[];
  readonly signals: readonly SignalEstimate[];
  /** The light twin that the gateway runs: a model of `twin/models`. */
  readonly light: { readonly kind: "model"; readonly id: string };
  /** SHA-256 of the evidence object that tells why. */
  readonly evidence: string;
  /** Answers the nonce of an agent without version memory. */
  readonly nonce?: string;
}

export const encodeParameterSet = (set: ParameterSet): string =>
  JSON.stringify({ v: CONTRACT_VERSION, ...set });

const pair = (value: unknown, path: string): [number, number] => {
  const [low, high] = list(finite, 2)(value, path);
  return [low ?? Number.NaN, high ?? Number.NaN].map((bound, index) =>
    finite(bound, `${path}[${index}]`),
  ) as [number, number];
};
const estimate = object<ParameterEstimate>((members) => ({
  id: members.get("id", text(32)),
  unit: members.get("unit", text(16)),
  mean: members.get("mean", finite),
  sd: members.get("sd", finite),
  interval90: members.get("interval90", pair),
  interval99: members.get("interval99", pair),
  identifiable: members.get(
    "identifiable",
    (value, path) => text(8, /^(well|weakly|not)$/)(value, path) as Identifiable,
  ),
}));
const signalEstimate = object<SignalEstimate>((members) => ({
  id: members.get("id", text(32)),
  noise: members.get("noise", finite),
  bias: members.get("bias", finite),
  biasSd: members.get("biasSd", finite),
}));

/** Limits of one set: 256 kB, 64 parts. */
export const MAX_SET_BYTES: number = 256 * 1024;
export const MAX_PARTS = 64;

/** @throws {TwinError} BAD_MESSAGE */
export function decodeParameterSet(json: string): ParameterSet {
  const members = new Members(parseJson(json, "set", MAX_SET_BYTES), "set");
  members.get("v", whole(CONTRACT_VERSION, CONTRACT_VERSION));
  const nonce = members.get("nonce", optional(text(64)));
  return {
    thing: members.get("thing", text(128)),
    instance: members.get("instance", text(32)),
    twin: members.get(
      "twin",
      object((twin) => ({ id: twin.get("id", text(32)), version: twin.get("version", text(32)) })),
    ),
    model: members.get("model", text(64)),
    version: members.get("version", whole(1)),
    issued: members.get("issued", finite),
    expires: members.get("expires", finite),
    window: members.get("window", pair),
    parameters: members.get("parameters", list(estimate, 256)),
    covariance: members.get("covariance", list(finite, 65_536)),
    signals: members.get("signals", list(signalEstimate, 1_024)),
    light: members.get(
      "light",
      object((light) => ({
        kind: light.get("kind", (value, path) => text(8, /^model$/)(value, path) as "model"),
        id: light.get("id", text(32)),
      })),
    ),
    evidence: members.get("evidence", text(64)),
    ...(nonce === undefined ? {} : { nonce }),
  };
}

/** Reported in the named shadow, by the agent. */
export interface SetReport {
  readonly version: number;
  readonly state: "trial" | "committed" | "refused" | "reverted";
  readonly reason: string;
  readonly since: number;
}

/** The named shadow's document: a pointer down, a report up; never the set itself. */
export interface SetPointer {
  readonly version: number;
  /** SHA-256 of the whole JWS. */
  readonly digest: string;
  readonly bytes: number;
  /** SHA-256 of each part's bytes, in order. */
  readonly parts: readonly string[];
}

export interface ShadowReported {
  readonly report?: SetReport;
  /** Set by an agent that has no memory of versions: only a set that answers it is taken. */
  readonly nonce?: string;
  /** Highest version ever tried. */
  readonly highest?: number;
  /** The set in force has expired. */
  readonly expired?: boolean;
  /** The key that signed the set in force is revoked. */
  readonly revoked?: boolean;
}

const HASH = /^[0-9a-f]{64}$/;
export const decodePointer: Decoder<SetPointer> = object<SetPointer>((members) => ({
  version: members.get("version", whole(1)),
  digest: members.get("digest", text(64, HASH)),
  bytes: members.get("bytes", whole(1, MAX_SET_BYTES)),
  parts: members.get("parts", list(text(64, HASH), MAX_PARTS)),
}));

export const decodeReported: Decoder<ShadowReported> = object<ShadowReported>((members) => {
  const report = members.get(
    "report",
    optional(
      object<SetReport>((inner) => ({
        version: inner.get("version", whole(0)),
        state: inner.get(
          "state",
          (value, path) => text(9, /^(trial|committed|refused|reverted)$/)(value, path) as SetReport["state"],
        ),
        reason: inner.get("reason", text(256)),
        since: inner.get("since", finite),
      })),
    ),
  );
  const nonce = members.get("nonce", optional(text(64)));
  const highest = members.get("highest", optional(whole(0)));
  const expired = members.get("expired", optional(boolean));
  const revoked = members.get("revoked", optional(boolean));
  return {
    ...(report && { report }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(highest === undefined ? {} : { highest }),
    ...(expired === undefined ? {} : { expired }),
    ...(revoked === undefined ? {} : { revoked }),
  };
});
