import type { ParameterSet } from "@plumbline/twin/contract/parameter-set";
import { expect, test } from "vitest";
import { type Check, type Expectation, verifySet } from "../../../edge-agent/src/apply/verify.ts";
import { machine } from "../support/agents.ts";
import { newSigner, publishable } from "../support/sets.ts";

const ours = newSigner("plant-2026");
const stranger = newSigner("plant-2026");
const other = newSigner("other");
const old = newSigner("old");
const now = Date.UTC(2026, 5, 1);
const expectation: Expectation = {
  ...machine,
  keys: [
    { kid: ours.kid, pem: ours.pem },
    { kid: old.kid, pem: old.pem },
  ],
  revoked: [old.kid],
  highest: 4,
  nonce: "n".repeat(32),
  now,
  clockSet: true,
  latestHonest: now + 600_000,
};
const first = (set: ParameterSet, change: object): ParameterSet => ({
  ...set,
  parameters: set.parameters.map((parameter, index) =>
    index === 0 ? { ...parameter, ...change } : parameter,
  ),
});

test("a set that is signed, addressed, newer, in time and sound is verified", () => {
  expect(verifySet(ours.sign(publishable(5)), expectation)).toMatchObject({
    kind: "verified",
    kid: "plant-2026",
    set: { version: 5 },
  });
});

test("while the clock is not set a sound set is held, and one that no clock could save is refused", () => {
  const unset = { ...expectation, now: 0, latestHonest: 600_000, clockSet: false };
  expect(verifySet(ours.sign(publishable(5)), unset)).toMatchObject({
    kind: "held",
    detail: expect.stringContaining("1970-01-01"),
  });
  expect(verifySet(stranger.sign(publishable(5)), unset)).toMatchObject({ check: "signature" });
  expect(verifySet(ours.sign(publishable(4)), unset)).toMatchObject({ check: "version" });
});

const good = publishable(5);
const refusals: [string, Check, string][] = [
  ["signed by a stranger under our key's name", "signature", stranger.sign(good)],
  ["signed with a key that is not pinned", "key", other.sign(good)],
  ["signed with a revoked key", "revoked", old.sign(good)],
  ["changed after it was signed", "signature", tampered(ours.sign(good))],
  ["that is no JWS", "format", "hello"],
  ["of an older version", "version", ours.sign(publishable(3))],
  ["of the version that was tried before", "version", ours.sign(publishable(4))],
  ["for another thing", "thing", ours.sign({ ...good, thing: "line-8" })],
  ["for another instance", "instance", ours.sign({ ...good, instance: "aux" })],
  [
    "for another version of the twin",
    "twin",
    ours.sign({ ...good, twin: { id: "web-line", version: "2.0.0" } }),
  ],
  ["for another model", "model", ours.sign({ ...good, model: "0".repeat(64) })],
  ["that has expired", "expired", ours.sign({ ...good, expires: now })],
  ["from the future", "issued", ours.sign({ ...good, issued: now + 86_400_000 })],
  ["with a mean outside its bounds", "bounds", ours.sign(first(good, { mean: 0.6 }))],
  ["with a negative deviation", "bounds", ours.sign(first(good, { sd: -1 }))],
  [
    "with parameters in another order",
    "parameters",
    ours.sign({ ...good, parameters: good.parameters.toReversed() }),
  ],
  [
    "with a covariance that is not positive",
    "covariance",
    ours.sign({ ...good, covariance: good.covariance.map((entry, index) => (index === 0 ? 0 : entry)) }),
  ],
  ["with a covariance of the wrong size", "covariance", ours.sign({ ...good, covariance: [1] })],
  [
    "with a signal that has no noise",
    "signals",
    ours.sign({ ...good, signals: good.signals.map((signal) => ({ ...signal, noise: 0 })) }),
  ],
];
test.each(refusals)("a set %s is refused, and the check is named: %s", (_what, check, jws) => {
  expect(verifySet(jws, expectation)).toMatchObject({ kind: "refused", check });
});

test("an agent without version memory takes only a set that answers its own nonce", () => {
  const blank = { ...expectation, highest: null };
  expect(verifySet(ours.sign(publishable(9)), blank)).toMatchObject({ kind: "refused", check: "nonce" });
  expect(verifySet(ours.sign(publishable(9, { nonce: "x".repeat(32) })), blank)).toMatchObject({
    kind: "refused",
    check: "nonce",
  });
  expect(verifySet(ours.sign(publishable(9, { nonce: blank.nonce })), blank)).toMatchObject({
    kind: "verified",
  });
});

function tampered(jws: string): string {
  const [header, payload, signature] = jws.split(".");
  const json = Buffer.from(payload!, "base64url").toString().replace('"version":5', '"version":6');
  return [header, Buffer.from(json).toString("base64url"), signature].join(".");
}
