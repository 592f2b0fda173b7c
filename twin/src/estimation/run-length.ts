import { TwinError } from "../errors.ts";
import { gaussLegendre, type Quadrature } from "../probability/gauss-legendre.ts";
import { standardNormalCdf, standardNormalDensity } from "../probability/normal.ts";
import { type EndingChain, meanAbsorptionTime } from "./absorption-time.ts";

/** Longest interval of the integral equations, in standard deviations of one step: a second's work. */
const WIDEST = 2_000;
/** Gauss–Legendre points of a panel; its first width, in standard deviations of one step, and how often it is halved. */
const ORDER = 10;
const PANEL = 2;
const HALVINGS = 4;
/** Two successive widths agree to this. */
const AGREEMENT = 1e-8;
/** Run lengths from here on are near the end of doubles. */
const LONGEST = 1e300;
/** ln of a run length to which a limit is found. */
const LOG_TOLERANCE = 1e-11;
/** Mean overshoot of a normal random walk over a level (Siegmund 1985, §X.2). */
const OVERSHOOT = 1.166;
/** Moves of more standard deviations than this, beyond the drift there and back, have no weight in doubles. */
const REACH = 9;

/**
 * Average number of independent N(shift, 1) samples until a one-sided CUSUM that starts at 0 exceeds its limit.
 *
 *     S ← max(0, S + z − k),   L(u) = 1 + L(0) Φ(k − u) + ∫₀ʰ L(x) φ(x + k − u) dx
 *
 * on panels of Gauss–Legendre points, halved until two widths agree to 1e-8, and solved without a subtraction
 * (`meanAbsorptionTime`). A two-sided chart has half the quiet run length: 1/L = 1/L⁺ + 1/L⁻. Residuals must be white and of
 * unit variance: a lag-one correlation of 0.1 halves it.
 * @throws {TwinError} BAD_CHART: limits above 2000, run lengths beyond 1e300.
 * @see Page (1954), Biometrika 41; Lucas & Crosier (1982), Technometrics 24.
 */
export function cusumRunLength(limit: number, allowance: number, shift = 0): number {
  requirePositive({ limit, allowance });
  if (!Number.isFinite(shift)) throw badChart({ shift }, "a finite shift");
  const drift = allowance - shift;
  return runLength({ limit, allowance, shift }, 0, limit, REACH + Math.abs(drift), {
    end: (from) => standardNormalCdf(from - drift - limit),
    toStart: (from) => standardNormalCdf(drift - from),
    density: (from, to) => standardNormalDensity(to + drift - from),
  });
}

/**
 * The same of a two-sided EWMA: w ← (1 − λ) w + λ z, alarm at |w| > factor · √(λ/(2 − λ)); in y = w/λ
 *
 *     L(u) = 1 + ∫_{−c}^{c} L(y) φ(y − (1 − λ)u − shift) dy,   c = factor/√(λ(2 − λ))
 *
 * @throws {TwinError} BAD_CHART: c above 1000, run lengths beyond 1e300.
 * @see Crowder (1987), Technometrics 29.
 */
export function ewmaRunLength(weight: number, factor: number, shift = 0): number {
  requirePositive({ weight, factor });
  if (!Number.isFinite(shift)) throw badChart({ shift }, "a finite shift");
  if (weight > 1) throw badChart({ weight }, "a weight of at most 1");
  const limit = factor / Math.sqrt(weight * (2 - weight));
  const kept = 1 - weight;
  const reach = REACH + Math.abs(shift) + 2 * weight * limit;
  return runLength({ weight, factor, shift }, -limit, limit, reach, {
    end: (from) =>
      standardNormalCdf(kept * from + shift - limit) + standardNormalCdf(-kept * from - shift - limit),
    toStart: () => 0,
    density: (from, to) => standardNormalDensity(to - kept * from - shift),
  });
}

/**
 * Limit at which a quiet one-sided CUSUM runs for so many samples on average: Siegmund's approximation (`alarmLimit`), then
 * regula falsi on ln L, which is nearly linear in the limit.
 * @throws {TwinError} BAD_CHART: run lengths of a limit of 0 and below, 1/Φ(−k), or of one above 2000.
 */
export function cusumLimit(runLength: number, allowance: number): number {
  requirePositive({ runLength, allowance });
  const least = 1 / standardNormalCdf(-allowance);
  if (runLength <= least)
    throw badChart({ runLength, allowance }, `a run length above ${least}, that of a limit of 0`);
  const excess = (limit: number): Mark => ({
    at: limit,
    value: Math.log((limit === 0 ? least : cusumRunLength(limit, allowance)) / runLength),
  });
  const start = siegmundLimit(runLength, allowance);
  if (start > WIDEST)
    throw badChart(
      { runLength, allowance },
      `a run length up to ${siegmundRunLength(WIDEST, allowance).toPrecision(2)} with this allowance, that of a limit of ${WIDEST}`,
    );
  const guess = excess(start);
  const first = 0.05 + 0.01 / allowance;
  let low = guess;
  for (let step = first; low.value > 0; step *= 2) low = excess(Math.max(0, low.at - step));
  let high = guess;
  for (let step = first; high.value < 0; step *= 2) high = excess(high.at + step);
  return root(excess, low, high);
}

/** A limit and ln of what its run length is too long by. */
interface Mark {
  readonly at: number;
  readonly value: number;
}

/** Regula falsi; an end that stays twice is halved (Illinois). */
function root(excess: (limit: number) => Mark, from: Mark, to: Mark): number {
  let [low, high] = [from, to];
  let stayed: "low" | "high" | undefined;
  for (let round = 0; round < 60 && high.at - low.at > 1e-12 * high.at; round++) {
    const at = low.at - (low.value * (high.at - low.at)) / (high.value - low.value);
    const found = excess(at);
    if (Math.abs(found.value) < LOG_TOLERANCE) return at;
    if (found.value < 0) {
      low = found;
      if (stayed === "high") high = { ...high, value: high.value / 2 };
      stayed = "high";
    } else {
      high = found;
      if (stayed === "low") low = { ...low, value: low.value / 2 };
      stayed = "low";
    }
  }
  return high.at;
}

/** L ≈ (e^x − x − 1)/(2k²), x = 2k (h + 1.166). */
function siegmundRunLength(limit: number, allowance: number): number {
  const x = 2 * allowance * (limit + OVERSHOOT);
  return (Math.expm1(x) - x) / (2 * allowance ** 2);
}

/** The limit of that run length, by Newton's method; it descends from an upper bound, so that it always ends. */
function siegmundLimit(runLength: number, allowance: number): number {
  const wanted = 2 * allowance ** 2 * runLength;
  // e^x − x − 1 is at least x²/2, and at least e^x/2 − 1.
  let x = Math.min(Math.sqrt(2 * wanted), Math.log(2 * wanted + 2));
  for (let round = 0; round < 50; round++) x -= (Math.expm1(x) - x - wanted) / Math.expm1(x);
  return Math.max(0, x / (2 * allowance) - OVERSHOOT);
}

/** A chart as a walk on an interval whose steps have a standard deviation of 1. */
interface Walk {
  /** Probability to leave the interval. */
  end(from: number): number;
  /** Probability to return to the start at 0, as an atom. */
  toStart(from: number): number;
  density(from: number, to: number): number;
}

/** @param reach distance beyond which no move matters. */
function runLength(
  chart: Readonly<Record<string, number>>,
  low: number,
  high: number,
  reach: number,
  walk: Walk,
): number {
  if (high - low > WIDEST)
    throw badChart(
      chart,
      `an interval up to ${WIDEST} standard deviations of a step wide, not ${high - low}`,
    );
  let width = PANEL;
  let coarse = meanAbsorptionTime(chain(low, high, width, reach, walk));
  for (let halving = 0; halving < HALVINGS && coarse < LONGEST; halving++) {
    width /= 2;
    const fine = meanAbsorptionTime(chain(low, high, width, reach, walk));
    if (Math.abs(fine - coarse) <= AGREEMENT * fine) return fine;
    coarse = fine;
  }
  throw badChart(
    chart,
    coarse < LONGEST
      ? "a smaller allowance, factor or shift: the quadrature does not settle"
      : `a run length below ${LONGEST}: a smaller limit, allowance or factor`,
  );
}

function chain(low: number, high: number, width: number, reach: number, walk: Walk): EndingChain {
  const { nodes, weights } = panels(low, high, Math.ceil((high - low) / width));
  const inner = nodes.length;
  const across = (high - low) / (inner / ORDER);
  const position = (state: number): number => (state === 0 ? 0 : (nodes[state - 1] as number));
  return {
    inner,
    band: Math.min(inner - 1, ORDER * (Math.ceil(reach / across) + 1)),
    end: (from) => walk.end(position(from)),
    move: (from, to) =>
      to === 0
        ? walk.toStart(position(from))
        : (weights[to - 1] as number) * walk.density(position(from), position(to)),
  };
}

function panels(low: number, high: number, count: number): Quadrature {
  const width = (high - low) / count;
  const one = gaussLegendre(ORDER, 0, width);
  const nodes = new Float64Array(count * ORDER);
  const weights = new Float64Array(count * ORDER);
  for (let panel = 0; panel < count; panel++) {
    weights.set(one.weights, panel * ORDER);
    one.nodes.forEach((node, index) => {
      nodes[panel * ORDER + index] = low + panel * width + node;
    });
  }
  return { nodes, weights };
}

function requirePositive(given: Readonly<Record<string, number>>): void {
  if (Object.values(given).some((value) => !(value > 0 && Number.isFinite(value))))
    throw badChart(given, "positive, finite numbers");
}

const badChart = (given: Readonly<Record<string, number>>, accepted: string): TwinError =>
  new TwinError(
    "BAD_CHART",
    Object.entries(given)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
    `expected ${accepted}`,
  );
