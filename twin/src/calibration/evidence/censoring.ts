import { type Gaussian, restrict } from "../../estimation/gaussian.ts";
import { condition, type Prediction, type Updated } from "../../estimation/gaussian-filter.ts";
import { entry, Matrix } from "../../linear-algebra/matrix.ts";
import { standardNormalLogCdf } from "../../probability/normal.ts";

/** Where a reading stands: at its value, or somewhere beyond the end of its sensor's scale. */
export const AT = 0;
export const ABOVE_SCALE = 1;
export const BELOW_SCALE = -1;

/**
 * Bayes' rule when some readings are censored: the sensor stands at the end of its scale, and the truth lies beyond.
 *
 *     p(x | y_u, y_c ≥ L) ∝ p(x) p(y_u | x) P(h_c(x) + e ≥ L | x)
 *
 * The exact readings first, by `condition`; then each censored one moves the joint Gaussian of (x, h_c) to the moments of
 * its half-line. Taken for the value, a saturated reading pulls the state to the end of the scale with full confidence.
 *
 * @param beyond per reading: `AT`, `ABOVE_SCALE` or `BELOW_SCALE`; the reading is then the scale's end.
 * @see Tobin (1958), Econometrica 26; Allik, Miller, Piovoso & Zurakowski (2016), IEEE Trans. Control Syst. Technol. 24(1).
 */
export function conditionCensored(
  prior: Gaussian,
  prediction: Prediction,
  noise: Float64Array,
  reading: Float64Array,
  beyond: Int8Array,
): Updated {
  const censored = [...beyond.keys()].filter((index) => beyond[index] !== AT);
  if (censored.length === 0) return condition(prior, prediction, noise, reading);
  const exact = [...beyond.keys()].filter((index) => beyond[index] === AT);
  const joint = withOutputs(prior, prediction, censored);
  const start: Updated = { gaussian: joint, logWeight: 0, nis: 0, size: 0 };
  const { gaussian, logWeight, nis, size } =
    exact.length === 0
      ? start
      : condition(
          joint,
          forJoint(prediction, exact, censored),
          Float64Array.from(exact, (index) => entry(noise, index)),
          Float64Array.from(exact, (index) => entry(reading, index)),
        );
  let belief = gaussian;
  let weight = logWeight;
  for (const [place, index] of censored.entries()) {
    const side = entry(beyond, index);
    const at = prior.mean.length + place;
    const sd = Math.sqrt(belief.covariance.get(at, at) + entry(noise, index) ** 2);
    weight += standardNormalLogCdf((side * (entry(belief.mean, at) - entry(reading, index))) / sd);
    const direction = new Float64Array(belief.mean.length);
    direction[at] = side;
    belief = restrict(belief, direction, -side * entry(reading, index), entry(noise, index));
  }
  return { gaussian: leading(belief, prior.mean.length), logWeight: weight, nis, size };
}

/** The joint Gaussian of the state and the censored outputs, without sensor noise. */
function withOutputs(
  { mean, covariance }: Gaussian,
  prediction: Prediction,
  outputs: readonly number[],
): Gaussian {
  const states = mean.length;
  const joint = new Matrix(states + outputs.length, states + outputs.length);
  for (let row = 0; row < states; row++) {
    for (let column = 0; column < states; column++) joint.set(row, column, covariance.get(row, column));
    for (const [place, output] of outputs.entries()) {
      joint.set(row, states + place, prediction.cross.get(row, output));
      joint.set(states + place, row, prediction.cross.get(row, output));
    }
  }
  for (const [row, left] of outputs.entries())
    for (const [column, right] of outputs.entries())
      joint.set(states + row, states + column, prediction.covariance.get(left, right));
  return {
    mean: Float64Array.from([...mean, ...outputs.map((output) => entry(prediction.mean, output))]),
    covariance: joint,
  };
}

/** The prediction of the exact readings, as seen from the joint Gaussian. */
function forJoint(prediction: Prediction, exact: readonly number[], censored: readonly number[]): Prediction {
  const states = prediction.cross.rows;
  const covariance = new Matrix(exact.length, exact.length);
  const cross = new Matrix(states + censored.length, exact.length);
  for (const [column, right] of exact.entries()) {
    for (const [row, left] of exact.entries())
      covariance.set(row, column, prediction.covariance.get(left, right));
    for (let row = 0; row < states; row++) cross.set(row, column, prediction.cross.get(row, right));
    for (const [place, left] of censored.entries())
      cross.set(states + place, column, prediction.covariance.get(left, right));
  }
  return { mean: Float64Array.from(exact, (index) => entry(prediction.mean, index)), covariance, cross };
}

function leading({ mean, covariance }: Gaussian, size: number): Gaussian {
  const block = new Matrix(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) block.set(row, column, covariance.get(row, column));
  return { mean: mean.slice(0, size), covariance: block };
}
