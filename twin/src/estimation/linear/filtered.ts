import type { Matrix } from "../../linear-algebra/matrix.ts";
import type { Gaussian } from "../gaussian.ts";
import type { AdaptiveOptions } from "./adaptive.ts";
import type { FormName } from "./covariance-form.ts";
import type { DiffuseConvention, Likelihood } from "./likelihood.ts";
import type { LinearModel, Observation, Transition } from "./model.ts";
import type { Robust } from "./robust.ts";
import type { ScalarRows } from "./scalar-rows.ts";

export interface FilterOptions {
  /** How the covariance is carried. When absent, "ud", with unrolled kernels where a likelihood alone allows. */
  readonly form?: FormName;
  /** Constants of the log-likelihood; "omit" when absent. */
  readonly diffuse?: DiffuseConvention;
  /** What to do with readings that do not fit: `gate`, `huber` or `studentT`. All are taken when absent. */
  readonly robust?: Robust;
  /** A noise that follows the innovations within bounds; smoothers then use what it was. */
  readonly adaptive?: AdaptiveOptions;
}

/** One scalar of a reading as it was assimilated: value = rowᵀ x + v, v ~ N(0, noise). */
export interface AssimilatedScalar {
  readonly row: Float64Array;
  readonly value: number;
  /** r as it was taken: a robust or adaptive filter's, not the model's. */
  readonly noise: number;
  /** value − rowᵀ m, with the m of before this scalar. */
  readonly innovation: number;
  /** F = rowᵀ P row + r, with the P of before this scalar. */
  readonly variance: number;
  readonly gain: Float64Array;
  /** Present where the scalar ended a diffuse direction: F∞. */
  readonly diffuse?: { readonly variance: number };
}

/** What was believed around one reading. */
export interface FilteredStep {
  readonly time: number;
  /** How the state came here from the step before, or from the start; undefined where the start holds here. */
  readonly transition: Transition | undefined;
  readonly observation: Observation;
  readonly reading: Float64Array;
  /** Before the reading. While directions are diffuse: the finite part of the belief. */
  readonly predicted: Gaussian;
  /** Directions of which nothing was known before the reading, n × d; undefined when there were none. */
  readonly diffuse: Matrix | undefined;
  /** Directions of which nothing is known even after it. */
  readonly stillDiffuse: Matrix | undefined;
  /** After the reading. */
  readonly filtered: Gaussian;
  /** y − Z m − d, m; NaN where missing. */
  readonly innovation: Float64Array;
  /** Innovations as independent N(0, 1) numbers, m, under the model's own noise; NaN where missing or diffuse. */
  readonly standardised: Float64Array;
  /** Normalised innovation squared over `size` scalars: χ²(size) if the model is right. */
  readonly nis: number;
  readonly size: number;
  /** ln p(y | before), convention "omit". */
  readonly logLikelihood: number;
  /** Per output: 1 taken as it is, below 1 weighed down, 0 left out, NaN missing. */
  readonly weights: Float64Array;
  /** Factors on Q and R after this reading; 1 unless adaptive. */
  readonly noiseFactors: { readonly process: number; readonly observation: Float64Array };
  readonly scalars: readonly AssimilatedScalar[];
  /** By what a gate that gave in multiplied the covariance before taking this reading; 1 otherwise. */
  readonly widened: number;
  readonly split: ScalarRows;
}

export interface Filtered extends Likelihood {
  readonly model: LinearModel;
  readonly steps: readonly FilteredStep[];
}
