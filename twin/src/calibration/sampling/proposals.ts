import { TwinError } from "../../errors.ts";
import { cholesky, logDeterminant } from "../../linear-algebra/cholesky.ts";
import type { Matrix } from "../../linear-algebra/matrix.ts";
import { covarianceOfPoints } from "../../probability/sample-moments.ts";
import type { Dice } from "../../random/dice.ts";
import { differentialEvolution, type Move, snooker, stretch } from "./moves.ts";
import { logScale } from "./scaled-regression.ts";
import { fromStraight, type Straightening, straighten, toStraight } from "./straightening.ts";

/** Share of steps that a random walk should take. @see Roberts & Rosenthal (2001), Statistical Science 16(4). */
const WANTED = { all: 0.25, one: 0.44, pivot: 0.44 } as const;

type Along = keyof typeof WANTED;

/** At most so many straightenings are kept: those that make the cloud the most like a Gaussian. */
const MOST_STRAIGHTENINGS = 2;

/**
 * A random walk y = x + σ L ξ with L Lᵀ the covariance of a cloud of points, in the cloud's own or in straightened
 * coordinates, along all columns of L, along one, or along the pivot alone. While it learns, σ follows the share of steps taken.
 */
class Walk {
  readonly #along: Along;
  readonly #factor: Matrix;
  readonly #map: Straightening | undefined;
  readonly #from: Float64Array;
  readonly #to: Float64Array;
  #logScale: number;
  #lessons = 0;

  constructor(along: Along, factor: Matrix, map: Straightening | undefined) {
    this.#along = along;
    this.#factor = factor;
    this.#map = map;
    this.#from = new Float64Array(factor.rows);
    this.#to = new Float64Array(factor.rows);
    this.#logScale = Math.log(2.38 / (along === "all" ? Math.sqrt(factor.rows) : 1));
  }

  readonly move: Move = (point, _crowd, dice, out) => {
    const map = this.#map;
    if (map === undefined) this.#from.set(point);
    else toStraight(map, point, this.#from);
    this.#step(dice);
    if (map === undefined) {
      out.set(this.#to);
      return 0;
    }
    fromStraight(map, this.#to, out);
    return (
      logScale(map.growth, this.#to[map.pivot] as number) -
      logScale(map.growth, this.#from[map.pivot] as number)
    );
  };

  /** @see Andrieu & Thoms (2008), Statistics and Computing 18, §4.2.2. */
  learn(probability: number): void {
    this.#lessons++;
    this.#logScale += (2 * (probability - WANTED[this.#along])) / (30 + this.#lessons) ** 0.6;
  }

  #step(dice: Dice): void {
    const size = this.#factor.rows;
    this.#to.set(this.#from);
    const scale = Math.exp(this.#logScale);
    if (this.#along === "pivot") {
      const pivot = this.#map?.pivot as number;
      this.#to[pivot] = (this.#to[pivot] as number) + scale * dice.normal();
      return;
    }
    const only = this.#along === "one" ? Math.floor(dice.uniform() * size) : -1;
    for (let column = 0; column < size; column++) {
      if (only >= 0 && column !== only) continue;
      const length = scale * dice.normal();
      for (let row = column; row < size; row++)
        this.#to[row] = (this.#to[row] as number) + length * this.#factor.get(row, column);
    }
  }
}

const CROWD_MOVES: readonly Move[] = [stretch, snooker, differentialEvolution, differentialEvolution];

/**
 * The mixture of moves that a population makes, fitted to a cloud of points and then fixed: 2 in 5 look at the crowd
 * (stretch, snooker, twice differential evolution), the others are random walks, half of them straightened where the cloud
 * is a funnel or bent.
 */
export class Proposals {
  readonly #plain: readonly Walk[];
  readonly #bent: readonly Walk[];

  private constructor(plain: readonly Walk[], bent: readonly Walk[]) {
    this.#plain = plain;
    this.#bent = bent;
  }

  /** With fewer distinct points than dimensions there is no covariance to walk by: only the crowd's moves remain. */
  static fittedTo(points: readonly Float64Array[]): Proposals {
    const factor = factorOf(points);
    if (factor === undefined) return new Proposals([], []);
    const bent = straightened(points, factor)
      .slice(0, MOST_STRAIGHTENINGS)
      .flatMap(({ factor: straight, map }) => walks(straight, map));
    return new Proposals(walks(factor, undefined), bent);
  }

  /** Writes a proposal to `out`. Returns the logarithm of its Hastings factor, and whom to teach how it went. */
  propose(
    point: Float64Array,
    crowd: readonly Float64Array[],
    dice: Dice,
    out: Float64Array,
  ): { readonly factor: number; readonly walk: Walk | undefined } {
    if (this.#plain.length === 0 || dice.uniform() < 0.4) {
      const move = CROWD_MOVES[Math.floor(dice.uniform() * CROWD_MOVES.length)] as Move;
      return { factor: move(point, crowd, dice, out), walk: undefined };
    }
    const family = this.#bent.length > 0 && dice.uniform() < 0.6 ? this.#bent : this.#plain;
    const walk = family[Math.floor(dice.uniform() * family.length)] as Walk;
    return { factor: walk.move(point, crowd, dice, out), walk };
  }
}

const walks = (factor: Matrix, map: Straightening | undefined): Walk[] =>
  (["all", "one", ...(map === undefined ? [] : (["pivot"] as const))] as const).map(
    (along) => new Walk(along, factor, map),
  );

interface Straightened {
  readonly map: Straightening;
  /** Of the covariance in straightened coordinates. */
  readonly factor: Matrix;
  /** Mean ln p of the cloud under the Gaussian of its covariance in straightened coordinates, less that in its own, nats. */
  readonly gain: number;
}

/** The best pivot first. A funnel's growth alone would not do: seen from the wrong pivot, a bent ridge is a funnel too. */
function straightened(points: readonly Float64Array[], plain: Matrix): Straightened[] {
  const all: Straightened[] = [];
  for (let pivot = 0; pivot < plain.rows; pivot++) {
    const map = straighten(points, pivot);
    if (map === undefined) continue;
    let volume = Math.log(map.sd);
    const straight = points.map((point) => {
      const out = new Float64Array(point.length);
      toStraight(map, point, out);
      volume += logScale(map.growth, out[pivot] as number) / points.length;
      return out;
    });
    const factor = factorOf(straight);
    if (factor === undefined) continue;
    all.push({ map, factor, gain: (logDeterminant(plain) - logDeterminant(factor)) / 2 - volume });
  }
  return all.sort((left, right) => right.gain - left.gain);
}

function factorOf(points: readonly Float64Array[]): Matrix | undefined {
  try {
    return cholesky(covarianceOfPoints(points));
  } catch (error) {
    if (error instanceof TwinError && error.code === "NOT_POSITIVE_DEFINITE") return undefined;
    throw error;
  }
}
