import { TwinError } from "../../errors.ts";

/** Where states and outputs are, as far as the filter needs to know: distances, in any one unit. */
export interface Geometry {
  stateToOutput(state: number, output: number): number;
  outputToOutput(one: number, other: number): number;
}

/** How much of a correlation is believed, by distance. */
export interface Localisation {
  /** In [0, 1], n × m, asked for once per pair. */
  ofState(state: number, output: number): number;
  ofOutputs(one: number, other: number): number;
}

/** Coefficients below this are taken as 0: they would cost work and change no digit that matters. */
const NEGLIGIBLE = 1e-3;

/** Half the support of the taper in units of the radius: √(10/3) to two digits makes the curvature at 0 a Gaussian's. */
const HALF_SUPPORT = 1.82;

/**
 * Gaspari and Cohn's taper with a radius r: near 0 like exp(−d²/2r²), 0.63 at r, 0 beyond 3.64 r. Sampling noise in a
 * correlation is of the order 1/√N at any distance; where the true one is smaller, believing it does harm.
 * @param radius same unit as the geometry's distances; positive, Infinity for no localisation.
 */
export function localisation(geometry: Geometry, radius: number): Localisation {
  if (!(radius > 0))
    throw new TwinError(
      "BAD_OPTION",
      `the localisation radius is ${radius}`,
      "expected a positive distance, or Infinity for no localisation",
    );
  const taper = (distance: number): number => {
    const coefficient = gaspariCohn(distance / (HALF_SUPPORT * radius));
    return coefficient < NEGLIGIBLE ? 0 : coefficient;
  };
  return {
    ofState: (state, output) => taper(geometry.stateToOutput(state, output)),
    ofOutputs: (one, other) => taper(geometry.outputToOutput(one, other)),
  };
}

/**
 * The compactly supported correlation function of fifth order; `ratio` = distance / half-width, zero from 2 on.
 * @see Gaspari & Cohn (1999), Q. J. R. Meteorol. Soc. 125, eq. 4.10.
 */
export function gaspariCohn(ratio: number): number {
  const r = Math.abs(ratio);
  if (r >= 2) return 0;
  if (r <= 1) return 1 + r * r * (-5 / 3 + r * (5 / 8 + r * (1 / 2 - r / 4)));
  return 4 - 2 / (3 * r) + r * (-5 + r * (5 / 3 + r * (5 / 8 + r * (-1 / 2 + r / 12))));
}

/** Points on a ring of `length` units: the shorter way round. */
export const ringDistance = (one: number, other: number, length: number): number => {
  const direct = Math.abs(one - other) % length;
  return Math.min(direct, length - direct);
};
