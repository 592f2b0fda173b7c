import { decodeFrame, frameHash } from "@plumbline/twin/contract/frame-codec";
import { raiseAlert } from "../store/alerts.ts";
import { toBytes } from "../store/json-object.ts";
import { frameKey, refusedFrameKey } from "../store/layout.ts";
import type { Admission, AdmittedFrame } from "./admit.ts";
import type { IngestPorts } from "./ports.ts";

/**
 * The frames of every machine, as they were sent. Write-once: the first bytes under a sequence stay, and other bytes
 * under the same sequence are told and kept aside, since one gateway never seals two frames with one number.
 */
export async function archive(
  ports: IngestPorts,
  { frame, bytes, hash }: AdmittedFrame,
): Promise<"kept" | "conflict"> {
  const { thing, epoch, sequence } = frame;
  const key = frameKey(thing, epoch, sequence);
  const outcome = await ports.objects.put(key, bytes, { absent: true });
  if (outcome.kind === "stored") return "kept";
  const kept = await ports.objects.get(key);
  if (kept && frameHash(kept.bytes) === hash) return "kept";
  // Two writers raced and ours was not the first, yet nothing is there: the store will have it on the next try.
  if (!kept) return archive(ports, { frame, bytes, hash });
  const detail = `frame ${sequence} of epoch ${epoch} came twice with different bytes: two gateways may send as ${thing}`;
  ports.tell({ name: "ingest.conflict", thing, epoch, sequence });
  await setAside(ports, thing, { hash, bytes, code: "FRAME_CONFLICT", detail });
  await raiseAlert(ports.objects, thing, { kind: "frame-conflict", subject: epoch, detail }, ports.now());
  return "conflict";
}

export async function archived(
  { objects }: Pick<IngestPorts, "objects">,
  thing: string,
  epoch: string,
  sequence: number,
): Promise<AdmittedFrame | undefined> {
  const found = await objects.get(frameKey(thing, epoch, sequence));
  return found && { frame: decodeFrame(found.bytes), bytes: found.bytes, hash: frameHash(found.bytes) };
}

/** Refused as a whole: told, kept with its reason, never acknowledged. */
export async function refuse(
  ports: IngestPorts,
  sender: string,
  bytes: Uint8Array,
  { hash, alert, code, detail }: Extract<Admission, { kind: "refused" }>,
): Promise<void> {
  ports.tell({ name: "ingest.refused", thing: sender, code, detail });
  await setAside(ports, sender, { hash, bytes, code, detail });
  await raiseAlert(ports.objects, sender, { kind: alert, subject: code, detail }, ports.now());
}

/** A frame of an epoch that another outbox has followed: told, not merged. */
export async function tellCloned(ports: IngestPorts, { frame, bytes, hash }: AdmittedFrame): Promise<void> {
  const { thing, epoch, sequence } = frame;
  const detail = `frame ${sequence} of epoch ${epoch} is new, but a later outbox of ${thing} is in use: two gateways send as one; revoke one certificate`;
  ports.tell({ name: "ingest.cloned", thing, epoch, sequence });
  await setAside(ports, thing, { hash, bytes, code: "CLONED_GATEWAY", detail });
  await raiseAlert(ports.objects, thing, { kind: "cloned-gateway", subject: epoch, detail }, ports.now());
}

interface SetAside {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly code: string;
  readonly detail: string;
}
/** Larger than any frame of ours: of what is not one, the beginning tells enough. */
const KEPT_BYTES = 8_192;

async function setAside(
  { objects }: IngestPorts,
  thing: string,
  { hash, bytes, code, detail }: SetAside,
): Promise<void> {
  const frame = Buffer.from(bytes.subarray(0, KEPT_BYTES)).toString("base64");
  await objects.put(refusedFrameKey(thing, hash), toBytes({ code, detail, bytes: bytes.length, frame }));
}
