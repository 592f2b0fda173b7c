import { TwinError } from "../../errors.ts";
import { LOG_SQRT_TWO_PI } from "../../probability/normal.ts";

export const DIFFUSE_CONVENTIONS = ["omit", "count"] as const;

/**
 * How many constants a log-likelihood carries. Two programs that agree on a model still print different numbers when they
 * disagree here, so every result names its convention.
 *
 * - "omit": a reading that ended a diffuse direction adds −½ ln F∞ and no ½ ln 2π (Durbin & Koopman 2012, §7.2; KFAS).
 * - "count": it adds −½ ln F∞ − ½ ln 2π (statsmodels with exact diffuse initialisation).
 *
 * With a proper start there are no such readings and the two are the same.
 */
export type DiffuseConvention = (typeof DIFFUSE_CONVENTIONS)[number];

/** A log-likelihood with what is needed to turn it into another convention. */
export interface Likelihood {
  readonly logLikelihood: number;
  readonly convention: DiffuseConvention;
  /** Scalars that contributed, and how many of them ended a diffuse direction. */
  readonly scalars: number;
  readonly diffuseScalars: number;
  /** Directions of the start of which the readings said nothing. */
  readonly unseenDirections: number;
  /** Σ v²/F over the scalars that are not diffuse. */
  readonly squares: number;
}

/** The sums behind a likelihood: ln L = −½ Σ (ln F + v²/F) − constants. */
export class LikelihoodSum {
  logDeterminants = 0;
  squares = 0;
  scalars = 0;
  diffuseScalars = 0;

  /** Convention "omit". */
  get logLikelihood(): number {
    return (
      0 - 0.5 * (this.logDeterminants + this.squares) - (this.scalars - this.diffuseScalars) * LOG_SQRT_TWO_PI
    );
  }

  add(innovation: number, variance: number): void {
    this.logDeterminants += Math.log(variance);
    // Divided twice: v² may overflow where v²/F does not.
    this.squares += (innovation / variance) * innovation;
    this.scalars++;
  }

  /** A scalar whose density is not Gaussian. */
  addDensity(logDensity: number): void {
    this.logDeterminants -= 2 * (logDensity + LOG_SQRT_TWO_PI);
    this.scalars++;
  }

  addDiffuse(variance: number): void {
    this.logDeterminants += Math.log(variance);
    this.scalars++;
    this.diffuseScalars++;
  }

  /** Scalars that were summed elsewhere, none of them diffuse. */
  addRest({
    logLikelihood,
    squares,
    scalars,
  }: Pick<Likelihood, "logLikelihood" | "squares" | "scalars">): void {
    this.logDeterminants -= 2 * (logLikelihood + scalars * LOG_SQRT_TWO_PI) + squares;
    this.squares += squares;
    this.scalars += scalars;
  }

  /** @throws {TwinError} NOT_FINITE when numbers have left the doubles. */
  likelihood(convention: DiffuseConvention, unseenDirections: number): Likelihood {
    const { squares, scalars, diffuseScalars } = this;
    const constants = (convention === "omit" ? scalars - diffuseScalars : scalars) * LOG_SQRT_TWO_PI;
    const logLikelihood = 0 - 0.5 * (this.logDeterminants + squares) - constants;
    if (!Number.isFinite(logLikelihood))
      throw new TwinError(
        "NOT_FINITE",
        `the log-likelihood is ${logLikelihood}: numbers have left the range of doubles`,
        "scale readings and states to comparable sizes, and look for a process that grows without bound",
      );
    return { logLikelihood, convention, scalars, diffuseScalars, unseenDirections, squares };
  }
}

/** What a common factor σ² of all variances would best be, and the log-likelihood there. */
export interface Concentrated {
  /** σ̂² = Σ (v²/F) / N over the N scalars that are not diffuse. */
  readonly scale: number;
  readonly logLikelihood: number;
}

/**
 * Divides one variance out: with every variance of the model multiplied by σ² the likelihood is greatest at σ̂², in closed
 * form. Holds for models without a proper start covariance of fixed size: the start must be diffuse, or scale as well.
 *
 *     ln L_c = ln L(σ² = 1) + ½ Σ v²/F − ½ N (ln σ̂² + 1)
 *
 * @see Durbin & Koopman (2012), §2.10.2.
 */
export function concentrated({ logLikelihood, squares, scalars, diffuseScalars }: Likelihood): Concentrated {
  const count = scalars - diffuseScalars;
  const scale = squares / count;
  return { scale, logLikelihood: logLikelihood + 0.5 * squares - 0.5 * count * (Math.log(scale) + 1) };
}
