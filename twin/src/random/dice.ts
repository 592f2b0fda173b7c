import { sha256 } from "../contract/sha256.ts";
import { normalFrom } from "./ziggurat.ts";

/**
 * The dice an algorithm is handed: nothing in this package rolls its own.
 *
 * A stream is named by its seed and the labels it was split by, never by how much was drawn before: work that is cut
 * into pieces draws the same numbers whatever the order, and wherever, its pieces run.
 */
export interface Dice {
  /** 32 random bits as an unsigned integer. */
  bits(): number;
  /** Uniform on (0, 1), 52 bits; never 0 and never 1, so that a logarithm may be taken. */
  uniform(): number;
  /** N(0, 1). */
  normal(): number;
  /** The stream of this name below this one; the same label gives the same stream. Draws nothing from this one. */
  split(label: string | number): Dice;
}

export const dice = (seed: string | number): Dice => new Xoshiro128(`plumbline dice ${escaped(seed)}`);

/**
 * xoshiro128++ 1.0: period 2¹²⁸ − 1. Its state is the first half of the SHA-256 of the stream's name, so that
 * streams are independent for all that is known.
 * @see Blackman & Vigna (2021), ACM Trans. Math. Softw. 47(4), "Scrambled linear pseudorandom number generators".
 */
export class Xoshiro128 implements Dice {
  readonly #name: string;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(name: string, state: readonly number[] = stateOf(name)) {
    this.#name = name;
    [this.#a, this.#b, this.#c, this.#d] = state as [number, number, number, number];
  }

  bits(): number {
    const sum = (this.#a + this.#d) | 0;
    const result = (((sum << 7) | (sum >>> 25)) + this.#a) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  uniform(): number {
    const high = this.bits() >>> 6;
    const low = this.bits() >>> 6;
    return (high * 2 ** 26 + low + 0.5) * 2 ** -52;
  }

  normal(): number {
    return normalFrom(this);
  }

  split(label: string | number): Dice {
    return new Xoshiro128(`${this.#name}/${typeof label}:${escaped(label)}`);
  }
}

/** Without "/", which parts the labels of a name: no two paths of labels have one name. */
const escaped = (label: string | number): string => String(label).replaceAll("~", "~0").replaceAll("/", "~1");

function stateOf(name: string): number[] {
  const digest = sha256(name);
  return [0, 8, 16, 24].map((start) => Number.parseInt(digest.slice(start, start + 8), 16) | 0);
}
