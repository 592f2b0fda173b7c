import type { RunCounts } from "../problem/evaluator.ts";
import type { LeastSquaresFit } from "./fit-report.ts";
import { HeldFits, type NoPlace, type Place } from "./held-fits.ts";
import type { ProfileStatistic } from "./profile-statistic.ts";

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
  /** NaN when the end is unknown. */
  readonly value: number;
  readonly kind: "closed" | "open" | "unknown";
  readonly reason: string;
}

interface Mark {
  readonly place: Place;
  readonly excess: number;
}

/** Each step outwards may be this many times the distance so far. */
const GROWTH = 2;
/** Steps outwards before a side counts as open: 2³⁰ standard errors. */
const MOST_STEPS = 30;
/** Fits outwards, those that were tried too far out included. */
const MOST_FITS = 120;
/** Steps shorter than this share of the first one are not taken: what stops the path there is told. */
const SHORTEST = 1e-4;
/** √rise of a fit is what was expected up to this factor; above, other starts are tried … */
const EXPECTED = 1.3;
/** … and above this one, or half the way to the threshold, the fit counts as stuck, and the step is shortened. */
const STUCK = 3;
const ROOT_TOLERANCE = 1e-10;
/** A root's rise is the threshold to this share of it (and the model's noise), or it is no root. */
const ROOT_MISS = 1e-4;
/** A profile may be called level only beyond this: units of a logarithm (and twice back to 0), first steps otherwise. */
const FAR_UNITS = 80;
const FAR_STEPS = 32;
/** √rise grows by less than this over a doubled distance: it will not reach the threshold. */
const STALLED = 1e-3;

/**
 * The path of a profile in the coordinates of the fit: outwards from the optimum by steps that grow, until the rise passes
 * the threshold or levels off. Each fit is started on the line through the last two; one whose rise is not what the path
 * lets expect is tried again from the last point, from the tangent and from the optimum, and the best counts. A rise that
 * still jumps shortens the step, so that a descent stuck on a plateau is not taken for the profile.
 */
export class ProfilePath {
  readonly points: ProfilePoint[] = [];
  better: Float64Array | undefined;
  readonly #fits: HeldFits;
  readonly #index: number;
  readonly #statistic: ProfileStatistic;
  readonly #goal: number;
  readonly #tangent: Float64Array;
  readonly #firstStep: number;
  /** √rise per unit of the coordinate by the standard error; NaN without one. */
  readonly #firstSlope: number;
  readonly #far: number;

  constructor(fit: LeastSquaresFit, index: number, statistic: ProfileStatistic) {
    this.#index = index;
    this.#statistic = statistic;
    this.#goal = Math.sqrt(statistic.threshold);
    this.#fits = new HeldFits(fit, index, statistic);
    this.#tangent = this.#fits.tangent();
    this.points.push({ value: fit.parameters[index] as number, rise: 0, parameters: fit.parameters });
    const transform = this.#fits.system.transforms[index];
    const here = this.#fits.coordinate(this.#fits.optimum);
    const error = (fit.standardErrors[index] as number) / (transform?.slope(here) ?? 1);
    const reach = transform?.reach(here) || 1;
    // The Wald interval where there is one; coordinates that are logarithms go by units.
    const logarithmic = transform?.reach(0) === transform?.reach(1);
    const known = Number.isFinite(error) && error > 0;
    this.#firstSlope = known ? 1 / error : Number.NaN;
    this.#firstStep = known
      ? Math.min(error * this.#goal, logarithmic ? reach : Number.POSITIVE_INFINITY)
      : 0.1 * reach;
    this.#far = logarithmic ? FAR_UNITS * reach + 2 * Math.abs(here) : FAR_STEPS * this.#firstStep;
  }

  counts(): RunCounts {
    return this.#fits.system.counts();
  }

  follow(side: -1 | 1): End {
    let before = this.#fits.optimum;
    let last = this.#fits.optimum;
    let distance = this.#firstStep;
    let barrier = Number.POSITIVE_INFINITY;
    let steps = 0;
    for (let tried = 0; steps < MOST_STEPS && tried < MOST_FITS; tried++) {
      const known = this.#distance(last);
      const place = this.#step(side * distance, last, before);
      if (typeof place === "string") {
        if (distance - known < SHORTEST * this.#firstStep) return this.#unknown(last, `${place} beyond`);
        if (place === "the model fails") barrier = distance;
        distance = (distance + known) / 2;
        continue;
      }
      this.#keep(place);
      if (place.rise >= this.#statistic.threshold) return this.#root(last, place);
      if (distance > this.#far && Math.sqrt(place.rise) - Math.sqrt(last.rise) < STALLED * this.#goal)
        return this.#open(side, "the profile levels off");
      before = last;
      last = place;
      steps++;
      distance = Math.min(this.#next(distance, place), (distance + barrier) / 2);
    }
    return steps < MOST_STEPS
      ? this.#unknown(last, `${MOST_FITS} fits did not lead beyond`)
      : this.#open(side, "the profile never reaches the threshold");
  }

  /** The fit at an offset from the optimum, or why there is none that continues the path. */
  #step(offset: number, last: Place, before: Place): Place | NoPlace | "the profile jumps" {
    const from = Math.sqrt(last.rise);
    const length = Math.abs(offset) - this.#distance(last);
    const climb = length * this.#slope(last, before);
    const at = this.#fits.coordinate(this.#fits.optimum) + offset;
    const place = this.#fits.best(at, this.#starts(at, last, before), ({ rise }) => {
      return !(Math.sqrt(rise) > from + EXPECTED * climb);
    });
    if (typeof place === "string") return place;
    const most = from + Math.max(STUCK * climb, this.#goal / 2);
    return Math.sqrt(place.rise) > most ? "the profile jumps" : place;
  }

  /** Of √rise: the steeper of the last step and of the whole way; NaN where nothing is known of it. */
  #slope(last: Place, before: Place): number {
    if (last === this.#fits.optimum) return this.#firstSlope;
    const own = Math.sqrt(last.rise);
    const length = this.#distance(last) - this.#distance(before);
    return Math.max((own - Math.sqrt(before.rise)) / length, own / this.#distance(last));
  }

  #starts(at: number, last: Place, before: Place): Float64Array[] {
    const { optimum } = this.#fits;
    const along = (place: Place, by: number): Float64Array =>
      place.z.map((value, index) => value + by * (this.#tangent[index] as number));
    const tangent = along(optimum, at - this.#fits.coordinate(optimum));
    const span = this.#fits.coordinate(last) - this.#fits.coordinate(before);
    if (span === 0) return [tangent, optimum.z];
    // The valley is nearly straight over one step.
    const share = (at - this.#fits.coordinate(last)) / span;
    const line = last.z.map((value, index) => value + share * (value - (before.z[index] as number)));
    return [line, last.z, tangent, optimum.z];
  }

  /** Where √rise would meet the threshold if it grew in proportion, and a little more so that the root is bracketed. */
  #next(distance: number, { rise }: Place): number {
    const wanted = (1.05 * this.#goal) / Math.sqrt(Math.max(rise, 1e-300));
    return distance * Math.min(Math.max(wanted, 1.1), GROWTH);
  }

  #distance(place: Place): number {
    return Math.abs(this.#fits.coordinate(place) - this.#fits.coordinate(this.#fits.optimum));
  }

  #keep(place: Place): void {
    const parameters = this.#fits.system.theta(place.z);
    if (place.sum < this.#fits.optimum.sum * (1 - 1e-9)) this.better ??= parameters;
    this.points.push({ value: parameters[this.#index] as number, rise: place.rise, parameters });
  }

  /** Regula falsi on √rise − √threshold, nearly linear in the coordinate; an end that stays twice is halved (Illinois). */
  #root(inside: Place, outside: Place): End {
    const marked = (place: Place): Mark => ({ place, excess: Math.sqrt(place.rise) - this.#goal });
    const ends: [Mark, Mark] = [marked(inside), marked(outside)];
    const scale = this.#distance(outside);
    let stayed = -1;
    for (let round = 0; round < 60; round++) {
      const [low, high] = ends;
      const from = this.#fits.coordinate(low.place);
      const to = this.#fits.coordinate(high.place);
      if (Math.abs(to - from) <= ROOT_TOLERANCE * scale || high.excess === low.excess) break;
      const at = from - (low.excess * (to - from)) / (high.excess - low.excess);
      const place = this.#fits.best(at, this.#starts(at, low.place, high.place), ({ rise }) =>
        this.#hits(rise, 0.01),
      );
      if (typeof place === "string") return this.#unknown(low.place, `${place} beyond`);
      const found = marked(place);
      this.#keep(place);
      if (Math.abs(found.excess) <= ROOT_TOLERANCE * this.#goal) return this.#closed(place);
      const replaced = found.excess > 0 ? 1 : 0;
      ends[replaced] = found;
      const stays = 1 - replaced;
      const other = ends[stays] as Mark;
      if (stayed === stays) ends[stays] = { ...other, excess: other.excess / 2 };
      stayed = stays;
    }
    const nearest = ends
      .map(({ place }) => place)
      .sort(
        (one, other) =>
          Math.abs(one.rise - this.#statistic.threshold) - Math.abs(other.rise - this.#statistic.threshold),
      )[0] as Place;
    return this.#hits(nearest.rise, ROOT_MISS, nearest.noise)
      ? this.#closed(nearest)
      : this.#unknown(ends[0].place, "the profile jumps over the threshold beyond");
  }

  #hits(rise: number, share: number, noise = 0): boolean {
    return Math.abs(rise - this.#statistic.threshold) <= share * this.#statistic.threshold + noise;
  }

  #closed(place: Place): End {
    return { value: this.#valueOf(place), kind: "closed", reason: "closed" };
  }

  #open(side: -1 | 1, why: string): End {
    const transform = this.#fits.system.transforms[this.#index];
    return {
      value: (side < 0 ? transform?.low : transform?.high) ?? side * Number.POSITIVE_INFINITY,
      kind: "open",
      reason: `open ${side < 0 ? "below" : "above"}: ${why}`,
    };
  }

  #unknown(last: Place, why: string): End {
    const reached = `${((100 * last.rise) / this.#statistic.threshold).toFixed(0)} % of the threshold`;
    const side = this.#fits.coordinate(last) < this.#fits.coordinate(this.#fits.optimum) ? "lower" : "upper";
    return {
      value: Number.NaN,
      kind: "unknown",
      reason: `${side} end unknown: ${why} ${this.#valueOf(last).toPrecision(6)}, where the rise is ${reached}`,
    };
  }

  #valueOf({ z }: Place): number {
    return this.#fits.system.theta(z)[this.#index] as number;
  }
}
