import type { Frame } from "@plumbline/twin/contract/frame";
import type { Slices } from "../store/ingest-state.ts";

/** Collects a checkpoint that arrives in consecutive frames; a break in the row begins again. */
export function collect(
  slices: Slices | null,
  { sequence, checkpoint }: Pick<Frame, "sequence" | "checkpoint">,
): Slices | null {
  if (!checkpoint) return null;
  const { part, of, text } = checkpoint;
  if (part === 0) return { first: sequence, of, texts: [text] };
  const follows = slices?.of === of && slices.texts.length === part && slices.first + part === sequence;
  return slices && follows ? { ...slices, texts: [...slices.texts, text] } : null;
}

/** The whole state, once every slice is there. */
export const assembled = (slices: Slices | null): string | undefined =>
  slices && slices.texts.length === slices.of ? slices.texts.join("") : undefined;
