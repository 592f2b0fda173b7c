import { decodeFrame } from "@plumbline/twin/contract/frame-codec";
import type { Reading } from "@plumbline/twin/contract/reading";
import type { TwinDefinition } from "@plumbline/twin/definition/twin-definition";
import { TwinError } from "@plumbline/twin/errors";
import { entriesAfter } from "../store/frame-index.ts";
import type { IngestState } from "../store/ingest-state.ts";
import { frameKey } from "../store/layout.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { History } from "./history.ts";

/** Frames asked for at once. */
const TOGETHER = 8;

/** The archived frames: the home of full identities, qualities and reasons, as frozen on the gateway. */
export class ArchiveHistory implements History {
  readonly #objects: ObjectStore;

  constructor(objects: ObjectStore) {
    this.#objects = objects;
  }

  async *readings(
    _definition: TwinDefinition,
    { thing, index }: IngestState,
    after: number,
  ): AsyncIterable<Reading> {
    const keys = entriesAfter(index, after).flatMap(({ epoch, first, last }) =>
      Array.from({ length: last - first + 1 }, (_, offset) => frameKey(thing, epoch, first + offset)),
    );
    for (let start = 0; start < keys.length; start += TOGETHER) {
      const frames = await Promise.all(
        keys.slice(start, start + TOGETHER).map((key) => this.#readingsOf(key)),
      );
      for (const reading of frames.flat()) if (reading.at > after) yield reading;
    }
  }

  async #readingsOf(key: string): Promise<readonly Reading[]> {
    const found = await this.#objects.get(key);
    if (found) return decodeFrame(found.bytes).readings;
    throw new TwinError(
      "ARCHIVE_INCOMPLETE",
      `frame ${key} was acknowledged but is not in the archive`,
      "restore it from the bucket's versions, or use --history sitewise",
    );
  }
}
