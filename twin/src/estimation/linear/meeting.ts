import { beside, columns, copyBlock } from "../../linear-algebra/blocks.ts";
import { Matrix, multiply, timesVector } from "../../linear-algebra/matrix.ts";
import { svd } from "../../linear-algebra/svd.ts";
import { solveLower } from "../../linear-algebra/triangular.ts";
import { lowerPart, triangularise } from "../../linear-algebra/triangularise.ts";
import type { Gaussian } from "../gaussian.ts";
import type { Departure } from "./forward-roots.ts";
import type { LaterReadings } from "./later-readings.ts";
import type { Transition } from "./model.ts";
import type { NoiseRoots } from "./noise-roots.ts";

/**
 * A filter from the front and later readings from behind, meeting at one state: least squares in square roots.
 *
 * The state before was m + S e + A δ, so this one is x = F m + c + B s with the sources s = (e, w, δ), B = [F S, G, F A]. What
 * is known of s is e, w ~ N(0, I), nothing of δ, and what later readings say of x:
 *
 *     [[I, 0], [J B_(e,w), J B_δ]] s = (0, ζ − J(F m + c)) + N(0, I)   →   U s = g + N(0, I),   Cov(x) = (B U⁻¹)(B U⁻¹)ᵀ
 *
 * by rotations. Every covariance is a square, so none has a negative variance, however wide the filter's belief was.
 *
 * @see Paige & Saunders (1977), SIAM J. Numer. Anal. 14, for smoothing as least squares in square roots.
 */
export class Meeting {
  /** The part of Cov(x) that stays infinite, n × n; undefined unless directions are unseen. */
  readonly unseen: Matrix | undefined;
  readonly #sources: Sources;
  readonly #factor: Matrix;
  /** g, a column. */
  readonly #right: Matrix;

  /** @param unseen how many directions not even the later readings see. */
  constructor(
    departure: Departure,
    transition: Transition | undefined,
    later: LaterReadings,
    unseen: number,
    noiseRoots: NoiseRoots,
  ) {
    const all = sourcesOf(departure, transition, noiseRoots);
    const { sources, unseenNow } = unseen > 0 ? seenPart(all, later, unseen) : { sources: all };
    const count = sources.now.columns;
    const states = sources.mean.length;
    const array = new Matrix(count + 1, count + states);
    for (let source = 0; source < sources.proper; source++) array.set(source, source, 1);
    copyBlock(array, later.seenThrough(sources.now), 0, count);
    for (let row = 0; row < states; row++) array.set(count, count + row, later.residual(sources.mean, row));
    triangularise(array);
    this.unseen = unseenNow && multiply(unseenNow, unseenNow.transpose());
    this.#sources = sources;
    this.#factor = lowerPart(array, new Matrix(count, count));
    this.#right = new Matrix(count, 1);
    for (let source = 0; source < count; source++) this.#right.set(source, 0, array.get(count, source));
  }

  /** x given everything. */
  state(): Gaussian {
    const shares = this.#shares(this.#sources.now);
    const mean = multiply(shares, this.#right).data.map(
      (value, state) => value + (this.#sources.mean[state] as number),
    );
    return { mean, covariance: multiply(shares, shares.transpose()) };
  }

  /** Cov(x, x before), n × n. */
  lagOne(): Matrix {
    return multiply(this.#shares(this.#sources.now), this.#shares(this.#sources.before).transpose());
  }

  /** w of the transition. */
  stateNoise(): Gaussian {
    const shares = this.#shares(this.#sources.noise);
    return { mean: multiply(shares, this.#right).data, covariance: multiply(shares, shares.transpose()) };
  }

  /** B U⁻¹. */
  #shares(loadings: Matrix): Matrix {
    return solveLower(this.#factor, loadings.transpose()).transpose();
  }
}

/** What a state is made of: loadings on the sources (e, w, jump, δ), n × k each. */
interface Sources {
  /** F m + c. */
  readonly mean: Float64Array;
  /** How many of them have unit variance; the rest are δ. */
  readonly proper: number;
  readonly now: Matrix;
  readonly before: Matrix;
  readonly noise: Matrix;
}

function sourcesOf(
  { before, widening }: Departure,
  transition: Transition | undefined,
  noiseRoots: NoiseRoots,
): Sources {
  const { mean, root, diffuse } = before;
  const states = mean.length;
  const noise = transition && noiseRoots.of(transition.noise);
  const jumps = [noise, widening].filter((loading) => loading !== undefined);
  const through = (loading: Matrix): Matrix => (transition ? multiply(transition.matrix, loading) : loading);
  const proper = root.columns + jumps.reduce((sum, loading) => sum + loading.columns, 0);
  const unknown = diffuse ?? new Matrix(states, 0);
  const empty = new Matrix(states, proper - root.columns);
  return {
    mean: transition ? moved(transition, mean) : mean,
    proper,
    now: beside(states, [through(root), ...jumps, through(unknown)]),
    before: beside(states, [root, empty, unknown]),
    noise: beside(states, [
      new Matrix(states, root.columns),
      ...(noise ? [noise] : []),
      new Matrix(states, proper - root.columns - (noise?.columns ?? 0) + unknown.columns),
    ]),
  };
}

/** Turns δ so that what no reading sees comes last, and leaves that out: `unseenNow` is its loading. */
function seenPart(
  { mean, proper, now, before, noise }: Sources,
  later: LaterReadings,
  unseen: number,
): { readonly sources: Sources; readonly unseenNow: Matrix } {
  const states = mean.length;
  const { right } = svd(later.seenThrough(columns(now, proper, now.columns)).transpose());
  const seen = columns(right, 0, right.columns - unseen);
  const turned = (loadings: Matrix): Matrix =>
    beside(states, [
      columns(loadings, 0, proper),
      multiply(columns(loadings, proper, loadings.columns), seen),
    ]);
  return {
    sources: { mean, proper, now: turned(now), before: turned(before), noise: turned(noise) },
    unseenNow: multiply(
      columns(now, proper, now.columns),
      columns(right, right.columns - unseen, right.columns),
    ),
  };
}

function moved({ matrix, drift }: Transition, mean: Float64Array): Float64Array {
  const result = timesVector(matrix, mean);
  return drift === undefined ? result : result.map((value, state) => value + (drift[state] as number));
}
