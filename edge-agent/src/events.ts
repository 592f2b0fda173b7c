/**
 * What the agent says of itself: one typed union, read by logs, metrics and tests alike.
 *
 * info: as asked · warn: recovered or refused, nothing lost · error: data lost, or a person is needed.
 */
export type EdgeEvent =
  | {
      readonly name: "agent.started";
      readonly version: string;
      readonly epoch: string;
      readonly replayed: number;
      readonly set: number;
    }
  | { readonly name: "agent.stopping"; readonly reason: string }
  | {
      readonly name: "health.listening";
      readonly host: string;
      readonly port: number;
      readonly version: string;
    }
  | { readonly name: "agent.stopped"; readonly tookMs: number }
  | { readonly name: "config.unknown-member"; readonly member: string; readonly nearest?: string }
  | { readonly name: "source.connected"; readonly url: string; readonly sessionPresent: boolean }
  | { readonly name: "source.lost"; readonly url: string; readonly reason: string; readonly retryMs: number }
  | { readonly name: "source.rejected"; readonly topic: string; readonly reason: string }
  | {
      readonly name: "reading.marked";
      readonly signal: string;
      readonly at: number;
      readonly quality: string;
      readonly reason: string;
    }
  | { readonly name: "outbox.full"; readonly bytes: number; readonly cap: number; readonly policy: string }
  | { readonly name: "outbox.dropped"; readonly frames: number; readonly readings: number }
  | { readonly name: "outbox.disk-full"; readonly reason: string; readonly retryMs: number }
  | { readonly name: "outbox.disk-recovered"; readonly outageMs: number }
  | {
      readonly name: "outbox.salvaged";
      readonly quarantine: string;
      readonly frames: number;
      readonly readings: number;
      readonly missingFrames: number;
      readonly why: string;
    }
  | {
      readonly name: "frame.sealed";
      readonly sequence: number;
      readonly readings: number;
      readonly bytes: number;
      readonly why: string;
    }
  | { readonly name: "alarm.raised"; readonly chart: string; readonly at: number; readonly statistic: number }
  | { readonly name: "uplink.connected"; readonly kind: string }
  | { readonly name: "uplink.lost"; readonly reason: string; readonly retryMs: number }
  | { readonly name: "uplink.resent"; readonly from: number; readonly silenceMs: number }
  | { readonly name: "uplink.ack-ignored"; readonly reason: string; readonly sequence: number }
  | { readonly name: "uplink.message-ignored"; readonly topic: string; readonly reason: string }
  | { readonly name: "parameters.offered"; readonly version: number; readonly parts: number }
  | {
      readonly name: "parameters.parts-missing";
      readonly version: number;
      readonly missing: number;
      readonly round: number;
    }
  /** Neither tried nor refused: it is judged again once the clock is set. */
  | { readonly name: "parameters.held"; readonly version: number; readonly reason: string }
  | { readonly name: "parameters.trial"; readonly version: number; readonly incumbent: number }
  | {
      readonly name: "parameters.committed";
      readonly version: number;
      readonly replaced: number;
      readonly reason: string;
    }
  | { readonly name: "parameters.refused"; readonly version: number; readonly reason: string }
  | { readonly name: "parameters.reverted"; readonly version: number; readonly reason: string }
  | { readonly name: "parameters.expired"; readonly version: number; readonly expires: number }
  /** The key that signed the set in force has been revoked; it stays in force until a newer one comes. */
  | { readonly name: "parameters.revoked"; readonly version: number; readonly kid: string }
  | { readonly name: "parameters.report-failed"; readonly reason: string; readonly retryMs: number }
  | { readonly name: "agent.fault"; readonly code: string; readonly message: string; readonly hint: string };

type Level = "info" | "warn" | "error" | "debug";

const LEVELS: Readonly<Record<EdgeEvent["name"], Level>> = {
  "agent.started": "info",
  "agent.stopping": "info",
  "health.listening": "info",
  "agent.stopped": "info",
  "config.unknown-member": "warn",
  "source.connected": "info",
  "source.lost": "warn",
  "source.rejected": "warn",
  "reading.marked": "debug",
  "outbox.full": "error",
  "outbox.dropped": "error",
  "outbox.disk-full": "error",
  "outbox.disk-recovered": "info",
  "outbox.salvaged": "error",
  "frame.sealed": "debug",
  "alarm.raised": "warn",
  "uplink.connected": "info",
  "uplink.lost": "warn",
  "uplink.resent": "debug",
  "uplink.ack-ignored": "warn",
  "uplink.message-ignored": "warn",
  "parameters.offered": "info",
  "parameters.parts-missing": "info",
  "parameters.held": "warn",
  "parameters.trial": "info",
  "parameters.committed": "info",
  "parameters.refused": "warn",
  "parameters.reverted": "warn",
  "parameters.expired": "error",
  "parameters.revoked": "error",
  "parameters.report-failed": "warn",
  "agent.fault": "error",
};

export const levelOf = (name: EdgeEvent["name"]): Level => LEVELS[name];

/** `[what the reason says, what to do]`, the first that fits; the last of each fits everything. */
type Hints = readonly (readonly [RegExp, string])[];

const ANY = /^/;
const LOGIN = /not authori[sz]ed|bad user ?name|password|identifier rejected/i;
const TLS = /certificate|self.signed|tls|ssl|handshake/i;
const HINTS: Readonly<Partial<Record<EdgeEvent["name"], Hints>>> = {
  "config.unknown-member": [
    [ANY, "it is ignored: rename it if the nearest known name was meant, else take it out"],
  ],
  "source.lost": [
    [LOGIN, "check source.username and source.passwordFile against the plant broker's accounts"],
    [TLS, "the plant broker's certificate is not trusted: check the scheme and host of source.mqttUrl"],
    [ANY, "is the plant broker up, and source.mqttUrl right? it is tried again by itself; doctor tells more"],
  ],
  "source.rejected": [
    [/^signal .* is not declared/, "declare the signal in the twin, or narrow source.topicFilter"],
    [/^topic /, "narrow source.topicFilter to the topics line/<signal>/reading"],
    [ANY, "mend the publisher of this topic; see the payload with: plumbline-agent outbox inspect"],
  ],
  "uplink.lost": [
    [LOGIN, "check uplink.username and uplink.passwordFile, or the certificate's policy in the cloud"],
    [TLS, "check uplink.tls: the broker's ca, and this gateway's cert and key"],
    [ANY, "readings are kept and sent later; if it lasts, check the network and uplink.mqttUrl with doctor"],
  ],
  "uplink.ack-ignored": [
    [
      /^it is for /,
      "another thing's acknowledgement came here: check the thing's name and the cloud's topic policy",
    ],
    [
      /^(chain hash|epoch|sequence) /,
      "if it repeats, a clone of this gateway is sending under its name: stop the other, see the cloud's alerts",
    ],
    [ANY, "nothing is lost: frames stay until a sound acknowledgement; check which program publishes it"],
  ],
  "parameters.refused": [
    [
      /^(key|signature):/,
      "pin the cloud's signing key in apply.keys; if it is pinned, a stranger signed this set",
    ],
    [/^revoked:/, "sign with a key that is not in apply.revoked, then run a recalibration"],
    [
      /^parts:/,
      "check that the cloud's part requests are answered, then run a recalibration for a new version",
    ],
    [
      /^(thing|instance|twin|model):/,
      "the set is for another machine or twin: deploy the same twin on both sides",
    ],
    [/^(version|nonce):/, "run a recalibration: it takes the next version and answers this gateway's nonce"],
    [/^(issued|expired):/, "compare the clocks of gateway and cloud, then run a recalibration"],
    [ANY, "the set in force stays; look at the recalibration that issued this one, then run it again"],
  ],
  "parameters.held": [[ANY, "set the system clock (NTP): the set is judged as soon as the clock is set"]],
  "parameters.expired": [[ANY, "it stays in force; run a recalibration"]],
  "parameters.revoked": [[ANY, "it stays in force; run a recalibration that signs with another key"]],
  "outbox.disk-full": [
    [
      ANY,
      "make room on the disk of outbox.path; nothing is acknowledged to the plant until then, so nothing is lost",
    ],
  ],
};

/** What a person can do about it; undefined: nothing is asked of anybody. */
export function hintOf(event: EdgeEvent): string | undefined {
  if ("hint" in event) return event.hint;
  const reason = "reason" in event ? event.reason : "";
  return HINTS[event.name]?.find(([says]) => says.test(reason))?.[1];
}
