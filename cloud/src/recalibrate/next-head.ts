import type { Verdict } from "@plumbline/twin/calibration/judge";
import type { CandidatePosterior } from "@plumbline/twin/calibration/posterior";
import { canonicalJson } from "@plumbline/twin/contract/canonical-json";
import { encodeParameterSet, type ShadowReported } from "@plumbline/twin/contract/parameter-set";
import { definitionDigest } from "@plumbline/twin/definition/digest";
import { type PropertyKind, propertyAlias } from "@plumbline/twin/definition/properties";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import type { IngestState } from "../store/ingest-state.ts";
import { highestVersion } from "../store/parameter-sets.ts";
import { keepCheckpoints, type PosteriorHead, type Unfinished } from "../store/posterior-head.ts";
import { reportedState } from "../store/reported.ts";
import type { Estimate } from "./estimate.ts";
import type { JobPorts } from "./ports.ts";
import { putNamedByContent } from "./trace-store.ts";

export interface Outcome {
  readonly definition: TwinDefinition;
  readonly state: IngestState;
  readonly head: PosteriorHead;
  /** Event time of the state that the run began from. */
  readonly after: number;
  readonly at: number;
  readonly estimated: Estimate;
  readonly traces: PosteriorHead["traces"];
  readonly verdict: Verdict | null;
  readonly evidence: { readonly id: string; readonly hash: string };
}

const KEPT_VERSIONS = 10;

/** The head after a run, with all that still has to be told as `unfinished`: decided once, by one swap. */
export async function nextHead(ports: JobPorts, outcome: Outcome): Promise<PosteriorHead> {
  const { state, head, after, at, estimated, traces, verdict, evidence } = outcome;
  const position = { epoch: state.epoch, sequence: state.sequence };
  const decided = ports.now();
  const saved = await Promise.all(
    estimated.saved.map(async ({ at: when, checkpoint }) => ({
      id: await putNamedByContent(
        ports.objects,
        state.thing,
        state.instance,
        "state",
        canonicalJson({ checkpoint }),
      ),
      at: when,
      position,
    })),
  );
  const set = verdict?.kind === "accept" ? await accepted(ports, outcome, decided) : undefined;
  return {
    ...head,
    position,
    judged: verdict ? position : head.judged,
    at,
    digest: estimated.assimilator.digest(),
    checkpoints: keepCheckpoints(
      head.checkpoints.filter((entry) => entry.at <= after),
      saved,
    ),
    traces,
    issued: set?.version ?? head.issued,
    versions: set
      ? [{ version: set.version, issued: decided, evidence: evidence.id }, ...head.versions].slice(
          0,
          KEPT_VERSIONS,
        )
      : head.versions,
    last: verdict
      ? {
          kind: verdict.kind,
          reason: verdict.reason,
          evidence: evidence.id,
          at,
          decided,
          ...(set ? { version: set.version } : {}),
        }
      : head.last,
    runs: verdict ? counted(head.runs, verdict.kind) : head.runs,
    modelRuns: head.modelRuns + estimated.modelRuns,
    points: estimated.assimilator.points,
    unfinished: unfinished(outcome, set),
  };
}

const counted = (
  { run, accepted, rejected, waited }: PosteriorHead["runs"],
  kind: Verdict["kind"],
): PosteriorHead["runs"] => ({
  run: run + 1,
  accepted: accepted + (kind === "accept" ? 1 : 0),
  rejected: rejected + (kind === "reject" ? 1 : 0),
  waited: waited + (kind === "wait" ? 1 : 0),
});

/** A version above everything that was ever issued, stored or tried by the gateway. */
async function accepted(
  ports: JobPorts,
  { definition, state, head, estimated, evidence, at }: Outcome,
  issued: number,
): Promise<{ version: number; payload: string }> {
  const { thing, instance } = state;
  const reported: ShadowReported = reportedState(await ports.link.shadow(thing, instance)) ?? {};
  const stored = await highestVersion(ports.objects, thing, instance);
  // A refused set was never tried: a stranger's version must not use up ours.
  const seen = reported.report?.state === "refused" ? 0 : (reported.report?.version ?? 0);
  const version = Math.max(head.issued, stored, reported.highest ?? 0, seen) + 1;
  const { parameters, covariance, signals }: CandidatePosterior = estimated.assimilator.posterior();
  const payload = encodeParameterSet({
    thing,
    instance,
    twin: { id: definition.id, version: definition.version },
    model: definitionDigest(definition),
    version,
    issued,
    expires: issued + definition.policy.expiry,
    window: [state.lowest ?? at, at],
    parameters,
    covariance,
    signals,
    light: { kind: "model", id: definition.model },
    evidence: evidence.hash,
    ...(reported.nonce === undefined ? {} : { nonce: reported.nonce }),
  });
  return { version, payload };
}

/** SiteWise's limit for text. */
const MOST_TEXT = 1_024;

function unfinished(
  { state, at, estimated, verdict, evidence }: Outcome,
  set: Unfinished["set"],
): Unfinished {
  const alias = (kind: PropertyKind, id: string): string =>
    propertyAlias(state.thing, state.instance, kind, id);
  const { parameters } = estimated.assimilator.posterior();
  const told =
    verdict &&
    JSON.stringify({
      kind: verdict.kind,
      evidence: evidence.id,
      ...(set ? { version: set.version } : {}),
      reason: verdict.reason.slice(0, MOST_TEXT / 2),
    });
  return {
    points: [
      ...parameters.map(({ id, mean }) => ({ alias: alias("parameter", id), at, value: mean })),
      ...parameters.map(({ id, sd }) => ({ alias: alias("parameter-sd", id), at, value: sd })),
      ...(told === null
        ? []
        : [{ alias: alias("verdict", "recalibration"), at, value: told.slice(0, MOST_TEXT) }]),
    ],
    ...(set ? { set } : {}),
  };
}
