import { TwinError } from "../../errors.ts";

/** A belief by its mean and standard deviation. */
export interface Moments {
  readonly mean: number;
  readonly sd: number;
}

/** What data did to the belief about one parameter. */
export interface Contraction {
  /** 1 − sd²_post/sd²_prior: 1 = learnt from the data, 0 = the prior come back; negative = made less certain. */
  readonly contraction: number;
  /** |m_post − m_prior|/sd_prior: how far the data moved it; beyond 3 they contradict the prior. */
  readonly shift: number;
  readonly verdict: "well identified" | "weakly identified" | "not identified";
  readonly conflict: boolean;
}

/** Share of the prior's sd that is left: below the first well, below the second weakly identified. */
const WELL = 0.1;
const WEAKLY = 0.7;
const CONFLICT = 3;

/**
 * Contraction and prior–posterior shift, to be read together: little contraction is a parameter that the data do not see;
 * much of it with a large shift is data that contradict the prior.
 *
 * @throws {TwinError} BAD_MOMENTS for a standard deviation that is not positive and finite.
 * @see Betancourt (2018), "Towards a principled Bayesian workflow", §1.4; Schad et al. (2021), Psychological Methods 26.
 */
export function contractionOf(prior: Moments, posterior: Moments): Contraction {
  for (const [name, { mean, sd }] of [
    ["prior", prior],
    ["posterior", posterior],
  ] as const)
    if (!(sd > 0 && Number.isFinite(sd) && Number.isFinite(mean)))
      throw new TwinError(
        "BAD_MOMENTS",
        `the ${name} has mean ${mean} and standard deviation ${sd}`,
        "expected finite numbers and a positive standard deviation; a flat prior has no contraction",
      );
  const left = posterior.sd / prior.sd;
  const shift = Math.abs(posterior.mean - prior.mean) / prior.sd;
  return {
    contraction: 1 - left * left,
    shift,
    verdict: left < WELL ? "well identified" : left < WEAKLY ? "weakly identified" : "not identified",
    conflict: shift > CONFLICT,
  };
}
