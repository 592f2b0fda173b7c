import type { SetPointer } from "@plumbline/twin/contract/parameter-set";
import { sha256 } from "@plumbline/twin/contract/sha256";

/** Parts that came before the pointer that names them: kept within this many characters. */
const STASH = 256 * 1024;

/** Collects the parts of one set, and keeps those of sets not yet asked for. Pure: no timers. */
export class PartCollector {
  readonly #stash = new Map<string, string>();
  #stashed = 0;
  #pointer: SetPointer | undefined;
  #parts = new Map<number, string>();

  get pointer(): SetPointer | undefined {
    return this.#pointer;
  }

  /** Begins a set; parts that are here already count. */
  want(pointer: SetPointer): void {
    this.#pointer = pointer;
    this.#parts = new Map();
    for (const [index] of pointer.parts.entries()) {
      const early = this.#stash.get(`${pointer.version}/${index}`);
      if (early !== undefined) this.take(pointer.version, index, early);
    }
    this.#stash.clear();
    this.#stashed = 0;
  }

  /** A part whose digest is not the pointer's is left: it is asked for again. */
  take(version: number, index: number, text: string): void {
    if (this.#pointer?.version !== version) {
      if (this.#stashed + text.length > STASH) return;
      this.#stash.set(`${version}/${index}`, text);
      this.#stashed += text.length;
      return;
    }
    if (sha256(text) === this.#pointer.parts[index]) this.#parts.set(index, text);
  }

  missing(): number[] {
    return (this.#pointer?.parts ?? []).flatMap((_, index) => (this.#parts.has(index) ? [] : [index]));
  }

  /** The whole text, once complete; `undefined` when its digest or length is not the pointer's. */
  whole(): string | undefined {
    const text = (this.#pointer?.parts ?? []).map((_, index) => this.#parts.get(index) ?? "").join("");
    return this.#pointer && text.length === this.#pointer.bytes && sha256(text) === this.#pointer.digest
      ? text
      : undefined;
  }

  forget(): void {
    this.#pointer = undefined;
    this.#parts = new Map();
  }
}
