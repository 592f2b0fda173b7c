import * as fs from "node:fs";

/** A row of `frames` as it lies in the file; nothing of it is to be believed before its hash was compared. */
export interface CarvedFrame {
  readonly before: number;
  readonly hash: string;
  readonly bytes: Uint8Array;
}
interface Place {
  readonly page: number;
  readonly cell: number;
}
type Column = number | Uint8Array | null;

const PAGE = 4_096;
const TABLE_LEAF = 0x0d;
const FRAME_COLUMNS = 9;
/** Largest payload that stays on its leaf, and the least that stays of a larger one: SQLite file format, 1.6. */
const MOST_LOCAL = PAGE - 35;
const LEAST_LOCAL = Math.floor(((PAGE - 12) * 32) / 255) - 23;
/** Largest payload worth following: a frame is at most 4,000 bytes. */
const MOST_PAYLOAD = 16_384;
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8] as const;

/**
 * Finds rows of `frames` by reading every leaf page of the file itself: where an inner page of the table is damaged, no
 * query reaches the leaves below it. The WAL must have been written back into the file.
 */
export class Carver {
  readonly #handle: number;
  readonly #pages: number;
  readonly #places = new Map<number, Place[]>();

  constructor(file: string) {
    this.#handle = fs.openSync(file, "r");
    this.#pages = Math.floor(fs.fstatSync(this.#handle).size / PAGE);
    for (let page = 1; page <= this.#pages; page++) this.#index(page);
  }

  /** Sequences that some row claims, lowest first. */
  get sequences(): number[] {
    return [...this.#places.keys()].sort((a, b) => a - b);
  }

  /** Rows that claim to be this frame: a freed page may still hold an older version. */
  frames(sequence: number): CarvedFrame[] {
    return (this.#places.get(sequence) ?? []).flatMap((place) => this.#frameAt(place) ?? []);
  }

  #index(page: number): void {
    const bytes = this.#page(page);
    const start = page === 1 ? 100 : 0;
    if (bytes[start] !== TABLE_LEAF) return;
    const count = Math.min(bytes.readUInt16BE(start + 3), PAGE / 4);
    for (let slot = start + 8; slot < start + 8 + 2 * count && slot + 2 <= PAGE; slot += 2) {
      const place = { page, cell: bytes.readUInt16BE(slot) };
      const [, sequence] = cellHead(bytes, place.cell);
      if (Number.isSafeInteger(sequence) && this.#frameAt(place))
        this.#places.set(sequence, [...(this.#places.get(sequence) ?? []), place]);
    }
  }

  #frameAt({ page, cell }: Place): CarvedFrame | undefined {
    const bytes = this.#page(page);
    const [size, , start] = cellHead(bytes, cell);
    if (!(size > 0 && size <= MOST_PAYLOAD)) return undefined;
    const payload = this.#payload(bytes, start, size);
    const columns = payload && record(payload);
    if (columns?.length !== FRAME_COLUMNS) return undefined;
    const [, , before, , , hash, , , body] = columns;
    if (typeof before !== "number" || !(hash instanceof Uint8Array) || !(body instanceof Uint8Array))
      return undefined;
    const isFrame = Buffer.from(body.subarray(0, 4)).toString("latin1") === "PLF1";
    return isFrame ? { before, hash: Buffer.from(hash).toString("latin1"), bytes: body } : undefined;
  }

  /** Follows the overflow chain of a payload that does not fit its leaf. */
  #payload(leaf: Buffer, start: number, size: number): Buffer | undefined {
    const spread = LEAST_LOCAL + ((size - LEAST_LOCAL) % (PAGE - 4));
    const local = size <= MOST_LOCAL ? size : spread <= MOST_LOCAL ? spread : LEAST_LOCAL;
    const parts = [leaf.subarray(start, start + local)];
    let next = size > local && start + local + 4 <= PAGE ? leaf.readUInt32BE(start + local) : 0;
    for (let left = size - local; left > 0; left -= PAGE - 4) {
      if (next < 1 || next > this.#pages) return undefined;
      const page = this.#page(next);
      parts.push(page.subarray(4, 4 + Math.min(left, PAGE - 4)));
      next = page.readUInt32BE(0);
    }
    const payload = Buffer.concat(parts);
    return payload.length === size ? payload : undefined;
  }

  #page(number: number): Buffer {
    const page = Buffer.alloc(PAGE);
    fs.readSync(this.#handle, page, 0, PAGE, (number - 1) * PAGE);
    return page;
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}

function cellHead(page: Buffer, at: number): [size: number, rowid: number, start: number] {
  const [size, afterSize] = varint(page, at);
  const [rowid, start] = varint(page, afterSize);
  return [size, rowid, start];
}

/** SQLite's varint: seven bits a byte, the ninth byte whole. Past the end of the page: not a number. */
function varint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return [Number.NaN, at];
    if (index === 8) return [value * 256 + byte, at + 9];
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + index + 1];
  }
  return [value, at + 9];
}

/** Columns of a record; texts as bytes, and floats as null: no caller needs them. */
function record(payload: Buffer): Column[] | undefined {
  const [headSize, first] = varint(payload, 0);
  if (!(headSize <= payload.length)) return undefined;
  const columns: Column[] = [];
  let at = headSize;
  for (let head = first; head < headSize; ) {
    const [type, next] = varint(payload, head);
    if (!(next > head)) return undefined;
    head = next;
    const size = type >= 12 ? Math.floor((type - 12) / 2) : type === 7 ? 8 : (INTEGER_BYTES[type] ?? 0);
    if (at + size > payload.length) return undefined;
    columns.push(column(type, payload.subarray(at, at + size)));
    at += size;
  }
  return columns;
}

function column(type: number, bytes: Buffer): Column {
  if (type >= 12) return bytes;
  if (type === 8 || type === 9) return type - 8;
  if (type < 1 || type > 6) return null;
  return bytes.length <= 6 ? bytes.readIntBE(0, bytes.length) : Number(bytes.readBigInt64BE(0));
}
