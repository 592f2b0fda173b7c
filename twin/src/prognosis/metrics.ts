import { TwinError } from "../errors.ts";

/** One prediction of the time of an event: when it was made, and the event times it holds possible, ascending; ∞ = not within its horizon. */
export interface EventPrediction {
  readonly at: number;
  readonly times: Float64Array;
}

/** What a prediction was worth once the event had come; `lambda` is its place between the first prediction and the event. */
export interface AlphaLambda {
  readonly at: number;
  readonly lambda: number;
  /** Probability that the remaining life lies within ± α of the true one. */
  readonly mass: number;
  readonly within: boolean;
  /** 1 − |median remaining life − true| / true; −∞ when the median lies beyond the horizon. */
  readonly relativeAccuracy: number;
}

export interface PrognosticScore {
  readonly alphaLambda: readonly AlphaLambda[];
  /** Time before the event from which on every prediction keeps mass ≥ β inside ± α of the event's whole time scale; 0: none does. */
  readonly prognosticHorizon: number;
  /** Mean relative accuracy of the predictions inside the prognostic horizon; null when there are none. */
  readonly cumulativeRelativeAccuracy: number | null;
}

export interface PrognosticLimits {
  /** Relative half-width of the cone around the true remaining life. Default 0.2. */
  readonly alpha?: number;
  /** Probability that must lie inside it. Default 0.5. */
  readonly beta?: number;
}

/**
 * Scores predictions of a time of event τ against what happened.
 *
 *     α–λ:  P(|r̂ − r*| ≤ α r*) ≥ β,  r* = τ − t        PH = τ − min{t : P(|τ̂ − τ| ≤ α (τ − t₁)) ≥ β from t on}
 *     RA = 1 − |median r̂ − r*| / r*,  CRA = mean of RA inside PH
 *
 * Predictions made at or after the event are left out.
 * @throws {TwinError} BAD_PREDICTIONS for no prediction before the event, or times that are missing, NaN or out of order.
 * @see Saxena, Celaya, Saha, Saha & Goebel (2010), Int. J. Prognostics and Health Management 1(1), §4.
 */
export function scorePrognosis(
  predictions: readonly EventPrediction[],
  event: number,
  { alpha = 0.2, beta = 0.5 }: PrognosticLimits = {},
): PrognosticScore {
  const made = predictions.filter(({ at }) => at < event);
  const first = made[0];
  if (
    !first ||
    !Number.isFinite(event) ||
    made.some(({ at }, index) => !(at > (made[index - 1]?.at ?? -Infinity)) || !Number.isFinite(at)) ||
    !(alpha >= 0 && Number.isFinite(alpha) && beta >= 0 && beta <= 1)
  )
    throw new TwinError(
      "BAD_PREDICTIONS",
      `${predictions.length} predictions for an event at ${event} are not ones made before it, in order (alpha ${alpha}, beta ${beta})`,
      "give predictions in ascending order of the time they were made, the first before the event; alpha of at least 0, beta in [0, 1]",
    );
  for (const { at, times } of made) checkTimes(at, times);
  const scale = event - first.at;
  const alphaLambda = made.map(({ at, times }) => {
    const life = event - at;
    const mass = massWithin(times, event, alpha * life);
    return {
      at,
      lambda: (at - first.at) / scale,
      mass,
      within: mass >= beta,
      relativeAccuracy: 1 - Math.abs(medianOf(times) - event) / life,
    };
  });
  let kept = made.length;
  while (kept > 0) {
    const { times } = made[kept - 1] as EventPrediction;
    if (massWithin(times, event, alpha * scale) < beta) break;
    kept--;
  }
  const inside = alphaLambda.slice(kept);
  const start = made[kept];
  return {
    alphaLambda,
    prognosticHorizon: start ? event - start.at : 0,
    cumulativeRelativeAccuracy:
      inside.length === 0
        ? null
        : inside.reduce((sum, { relativeAccuracy }) => sum + relativeAccuracy, 0) / inside.length,
  };
}

function checkTimes(at: number, times: Float64Array): void {
  const bad = times.findIndex((time, index) => !(time >= (times[index - 1] ?? Number.NEGATIVE_INFINITY)));
  if (bad < 0 && times.length > 0) return;
  throw new TwinError(
    "BAD_PREDICTIONS",
    `the prediction made at ${at} has ${times.length} event times${bad < 0 ? "" : `, of which ${bad} is ${times[bad]}`}`,
    "give at least one, ascending; Infinity for not within the horizon",
  );
}

const massWithin = (times: Float64Array, event: number, reach: number): number =>
  times.reduce((count, time) => count + (Math.abs(time - event) <= reach ? 1 : 0), 0) / times.length;

const medianOf = (times: Float64Array): number => times[Math.floor((times.length - 1) / 2)] as number;
