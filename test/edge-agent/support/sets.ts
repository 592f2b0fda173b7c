import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { compactJws, signingInput } from "@plumbline/twin/contract/jws";
import { encodeParameterSet, type ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { priorSet } from "@plumbline/twin/definition/prior-set";
import { machine, THING } from "./agents.ts";

export const WORN = 0.05;

export interface Signer {
  readonly kid: string;
  readonly pem: string;
  readonly sign: (set: ParameterSet) => string;
}

export function newSigner(kid: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    kid,
    pem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: (set) => signed(kid, privateKey, set),
  };
}

function signed(kid: string, key: KeyObject, set: ParameterSet): string {
  const input = signingInput(kid, encodeParameterSet(set));
  return compactJws(input, sign("sha256", Buffer.from(input, "ascii"), { key, dsaEncoding: "ieee-p1363" }));
}

/** What a good recalibration of a line whose bearings 3 and 9 carry {@link WORN} would publish: right and sure of itself. */
export const publishable = (version: number, change: Partial<ParameterSet> = {}): ParameterSet => {
  const issued = Date.UTC(2026, 0, 1);
  const prior = priorSet(machine.definition, THING, "main");
  const sd = 5e-4;
  const parameters = prior.parameters.map((parameter) => {
    const mean = parameter.id === "b3" || parameter.id === "b9" ? WORN : 0;
    return {
      ...parameter,
      mean,
      sd,
      interval90: [Math.max(mean - 2 * sd, 0), mean + 2 * sd] as const,
      interval99: [Math.max(mean - 3 * sd, 0), mean + 3 * sd] as const,
    };
  });
  const covariance = prior.covariance.map((entry) => (entry === 0 ? 0 : sd ** 2));
  return {
    ...prior,
    parameters,
    covariance,
    version,
    issued,
    expires: issued + 4_000 * 86_400_000,
    window: [issued - 7 * 86_400_000, issued],
    evidence: "e".repeat(64),
    ...change,
  };
};

/** Every parameter at the upper end of its bounds: no healthy line looks like this. */
export const absurd = (version: number): ParameterSet => {
  const set = publishable(version);
  return {
    ...set,
    parameters: set.parameters.map((parameter) => ({
      ...parameter,
      mean: 0.45,
      sd: 0.001,
      interval90: [0.44, 0.46] as const,
      interval99: [0.43, 0.47] as const,
    })),
    covariance: set.covariance.map((entry) => (entry === 0 ? 0 : 1e-6)),
  };
};
