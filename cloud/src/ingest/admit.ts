import type { Frame } from "@plumbline/twin/contract/frame";
import { decodeFrame, frameHash } from "@plumbline/twin/contract/frame-codec";
import { TwinError } from "@plumbline/twin/errors";
import type { IngestState } from "../store/ingest-state.ts";

/** A frame that is whole and comes from the gateway that it names. */
export interface AdmittedFrame {
  readonly frame: Frame;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes: its link in the chain. */
  readonly hash: string;
}

/** Refused frames are kept as dead letters and never acknowledged: the sender has not delivered anything. */
export type Admission =
  | { readonly kind: "admitted"; readonly admitted: AdmittedFrame }
  | {
      readonly kind: "refused";
      readonly hash: string;
      readonly alert: "foreign-frame" | "damaged-frame";
      readonly code: string;
      readonly detail: string;
    };

/** @param sender the thing of the TLS identity, which the broker has put into the topic. */
export function admit(bytes: Uint8Array, sender: string): Admission {
  const hash = frameHash(bytes);
  try {
    const frame = decodeFrame(bytes);
    if (frame.thing === sender) return { kind: "admitted", admitted: { frame, bytes, hash } };
    const detail = `a frame of thing ${frame.thing} was sent by ${sender}`;
    return { kind: "refused", hash, alert: "foreign-frame", code: "FOREIGN_FRAME", detail };
  } catch (error) {
    if (!(error instanceof TwinError)) throw error;
    return { kind: "refused", hash, alert: "damaged-frame", code: error.code, detail: error.message };
  }
}

/**
 * Where a frame stands against the chain:
 *
 *  chain      of the current epoch, not yet in the chain: archived, joined when its turn comes
 *  done       of the current epoch, already in the chain: a resend, whose ack was lost
 *  begin      the first of an epoch never seen: the outbox is a new one
 *  early      of an epoch never seen, before its first: archived, joined when the first has come
 *  past       of a closed epoch, already in that chain: an echo
 *  cloned     of a closed epoch, and new: two gateways send as one thing
 */
export type Standing = "chain" | "done" | "begin" | "early" | "past" | "cloned";

export function standingOf(
  state: Pick<IngestState, "epoch" | "sequence" | "closed"> | undefined,
  { epoch, sequence }: Pick<Frame, "epoch" | "sequence">,
): Standing {
  if (state?.epoch === epoch) return sequence <= state.sequence ? "done" : "chain";
  const closed = state?.closed.find((other) => other.epoch === epoch);
  if (closed) return sequence <= closed.sequence ? "past" : "cloned";
  return sequence === 1 ? "begin" : "early";
}
