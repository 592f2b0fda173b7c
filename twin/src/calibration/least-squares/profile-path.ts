import { TwinError } from "../../errors.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import type { RunCounts } from "../problem/evaluator.ts";
import type { LeastSquaresFit } from "./fit-report.ts";
import { descend } from "./levenberg-marquardt.ts";
import { columnNorms, LocalModel } from "./local-model.ts";
import { ModelResiduals } from "./model-residuals.ts";
import type { ProfileStatistic } from "./profile-statistic.ts";
import { HeldCoordinate } from "./residual-system.ts";

/** One parameter held, all others fitted again. */
export interface ProfilePoint {
  readonly value: number;
  /** The statistic of the version, ≥ 0: compare with `threshold`. */
  readonly rise: number;
  /** All parameters there. */
  readonly parameters: Float64Array;
}

/** Where a profile ends on one side. */
export interface End {
  readonly value: number;
  readonly closed: boolean;
  readonly reason: string;
}

/** A point of the path in the coordinates of the fit. */
interface Place {
  readonly z: Float64Array;
  readonly rise: number;
}

interface Mark {
  readonly place: Place;
  readonly excess: number;
}

/** Each step outwards may be this many times the distance so far. */
const GROWTH = 2;
/** Steps outwards before a side counts as open: 2³⁰ standard errors. */
const MOST_STEPS = 30;
const ROOT_TOLERANCE = 1e-10;
/** A profile may be called level only beyond this: units of a logarithm (and twice back to 0), first steps otherwise. */
const FAR_UNITS = 80;
const FAR_STEPS = 32;
/** √rise grows by less than this over a doubled distance: it will not reach the threshold. */
const STALLED = 1e-3;

/**
 * The path of a profile in the coordinates of the fit: outwards from the optimum by steps that grow, each fit started on
 * the line through the last two (at first on the tangent), until the rise passes the threshold or levels off.
 */
export class ProfilePath {
  readonly points: ProfilePoint[] = [];
  better: Float64Array | undefined;
  readonly #fit: LeastSquaresFit;
  readonly #index: number;
  readonly #statistic: ProfileStatistic;
  readonly #system: ModelResiduals;
  readonly #origin: Place;
  readonly #firstStep: number;
  readonly #far: number;

  constructor(fit: LeastSquaresFit, index: number, statistic: ProfileStatistic) {
    this.#fit = fit;
    this.#index = index;
    this.#statistic = statistic;
    this.#system = new ModelResiduals(fit.problem, { tolerated: 1 });
    const z = this.#system.coordinatesOf(fit.parameters);
    this.#origin = { z, rise: 0 };
    this.points.push({ value: fit.parameters[index] as number, rise: 0, parameters: fit.parameters });
    const transform = this.#system.transforms[index];
    const here = z[index] as number;
    const error = (fit.standardErrors[index] as number) / (transform?.slope(here) ?? 1);
    const reach = transform?.reach(here) || 1;
    // The Wald interval where there is one; coordinates that are logarithms go by units.
    const logarithmic = transform?.reach(0) === transform?.reach(1);
    this.#firstStep =
      Number.isFinite(error) && error > 0
        ? Math.min(error * Math.sqrt(statistic.threshold), logarithmic ? reach : Number.POSITIVE_INFINITY)
        : 0.1 * reach;
    this.#far = logarithmic ? FAR_UNITS * reach + 2 * Math.abs(here) : FAR_STEPS * this.#firstStep;
  }

  counts(): RunCounts {
    return this.#system.counts();
  }

  follow(side: -1 | 1): End {
    let before = this.#behind(side);
    let last = this.#origin;
    let distance = this.#firstStep;
    for (let step = 0; step < MOST_STEPS; step++) {
      const place = this.#fitAt(this.#at(side * distance), last, before);
      if (!place) {
        const known = Math.abs(this.#coordinate(last) - this.#coordinate(this.#origin));
        if (distance - known < 1e-3 * this.#firstStep)
          return this.#open(side, "the model has no values beyond");
        distance = (distance + known) / 2;
        continue;
      }
      if (place.rise >= this.#statistic.threshold) return this.#root(last, place);
      if (
        distance > this.#far &&
        Math.sqrt(place.rise) - Math.sqrt(last.rise) < STALLED * Math.sqrt(this.#statistic.threshold)
      )
        return this.#open(side, "the profile levels off");
      before = last;
      last = place;
      distance = this.#next(distance, place);
    }
    return this.#open(side, "the profile never reaches the threshold");
  }

  /** A point before the optimum on the tangent of the profile, along which the others move by −J_o⁺ J_j. */
  #behind(side: -1 | 1): Place {
    const whole = new Matrix(this.#system.size, this.#system.coordinates);
    if (whole.columns === 1 || !this.#system.jacobian(this.#origin.z, "exact", whole)) return this.#origin;
    const own = Float64Array.from({ length: whole.rows }, (_, row) => whole.get(row, this.#index));
    const others = withoutColumn(whole, this.#index);
    const local = new LocalModel(others, own, columnNorms(others), this.#system.slopeError());
    const { move } = local.within(Number.POSITIVE_INFINITY);
    const z = this.#origin.z.map((value, index) => {
      const share = index === this.#index ? 1 : (move[index < this.#index ? index : index - 1] as number);
      return value - side * this.#firstStep * share;
    });
    return { z, rise: 0 };
  }

  /** Where √rise would meet the threshold if it grew in proportion, and a little more so that the root is bracketed. */
  #next(distance: number, { rise }: Place): number {
    const wanted = 1.05 * Math.sqrt(this.#statistic.threshold / Math.max(rise, 1e-300));
    return distance * Math.min(Math.max(wanted, 1.1), GROWTH);
  }

  #coordinate({ z }: Place): number {
    return z[this.#index] as number;
  }

  #at(offset: number): number {
    return this.#coordinate(this.#origin) + offset;
  }

  #open(side: -1 | 1, why: string): End {
    const transform = this.#system.transforms[this.#index];
    return {
      value: (side < 0 ? transform?.low : transform?.high) ?? side * Number.POSITIVE_INFINITY,
      closed: false,
      reason: `open ${side < 0 ? "below" : "above"}: ${why}`,
    };
  }

  /** All others fitted again with this one held; undefined when the model fails there. */
  #fitAt(coordinate: number, last: Place, before: Place): Place | undefined {
    const held = new HeldCoordinate(this.#system, this.#index, coordinate);
    // Along the line through the last two points: the valley is nearly straight over one step.
    const span = this.#coordinate(last) - this.#coordinate(before);
    const share = span === 0 ? 0 : (coordinate - this.#coordinate(last)) / span;
    const others = (ahead: number): Float64Array =>
      last.z
        .map((value, index) => value + ahead * (value - (before.z[index] as number)))
        .filter((_, index) => index !== this.#index);
    const found = this.#descend(held, others(share)) ?? this.#descend(held, others(0));
    if (!found) return undefined;
    const place = { z: found.z, rise: this.#statistic.rise(found.sum) };
    const parameters = this.#system.theta(place.z);
    if (found.sum < this.#fit.residualSumOfSquares * (1 - 1e-9)) this.better ??= parameters;
    this.points.push({ value: parameters[this.#index] as number, rise: place.rise, parameters });
    return place;
  }

  #descend(
    held: HeldCoordinate,
    start: Float64Array,
  ): { readonly z: Float64Array; readonly sum: number } | undefined {
    const residuals = new Float64Array(held.size);
    if (!held.residuals(start, residuals)) return undefined;
    if (start.length === 0) return { z: held.whole(start).slice(), sum: sumOfSquares(residuals) };
    try {
      const descent = descend(held, start);
      return { z: held.whole(descent.z).slice(), sum: sumOfSquares(descent.residuals) };
    } catch (error) {
      if (error instanceof TwinError && error.code === "MODEL_FAILS") return undefined;
      throw error;
    }
  }

  /** Regula falsi on √rise − √threshold, nearly linear in the coordinate; an end that stays twice is halved (Illinois). */
  #root(inside: Place, outside: Place): End {
    const goal = Math.sqrt(this.#statistic.threshold);
    const excess = (place: Place): number => Math.sqrt(place.rise) - goal;
    const ends = [
      { place: inside, excess: excess(inside) },
      { place: outside, excess: excess(outside) },
    ] as [Mark, Mark];
    const scale = Math.abs(this.#coordinate(outside) - this.#coordinate(this.#origin));
    let stayed = -1;
    for (let round = 0; round < 60; round++) {
      const [low, high] = ends;
      const from = this.#coordinate(low.place);
      const to = this.#coordinate(high.place);
      if (Math.abs(to - from) <= ROOT_TOLERANCE * scale || high.excess === low.excess) break;
      const at = from - (low.excess * (to - from)) / (high.excess - low.excess);
      const place = this.#fitAt(at, low.place, high.place);
      if (!place) break;
      const found = { place, excess: excess(place) };
      if (Math.abs(found.excess) <= ROOT_TOLERANCE * goal) return this.#closed(place);
      const replaced = found.excess > 0 ? 1 : 0;
      ends[replaced] = found;
      const stays = 1 - replaced;
      const other = ends[stays] as Mark;
      if (stayed === stays) ends[stays] = { ...other, excess: other.excess / 2 };
      stayed = stays;
    }
    return this.#closed(ends[1].place);
  }

  #closed(place: Place): End {
    return {
      value: this.#system.theta(place.z)[this.#index] as number,
      closed: true,
      reason: "closed",
    };
  }
}

function withoutColumn(matrix: Matrix, left: number): Matrix {
  const rest = new Matrix(matrix.rows, matrix.columns - 1);
  for (let row = 0; row < rest.rows; row++)
    for (let column = 0; column < rest.columns; column++)
      rest.set(row, column, matrix.get(row, column < left ? column : column + 1));
  return rest;
}

const sumOfSquares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
