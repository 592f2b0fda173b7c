import { EnsembleFilter } from "@plumbline/twin/estimation/ensemble/ensemble-filter";
import { finiteSize } from "@plumbline/twin/estimation/ensemble/finite-size";
import { perturbedObservations } from "@plumbline/twin/estimation/ensemble/perturbed-observations";
import { serialPerturbed, serialSquareRoot } from "@plumbline/twin/estimation/ensemble/serial";
import { squareRootTransform } from "@plumbline/twin/estimation/ensemble/square-root-transform";
import { dice } from "@plumbline/twin/random/dice";
import { describeFilter } from "../filter-contract.ts";

/**
 * A variance from N members has a relative error of sd √(2/N): 4.5 % here. The tolerance is six of these, which the gain's
 * error times an innovation of three sds and the largest of a few hundred comparisons stay below.
 */
const members = 1000;
const tolerance = 0.3;

const ANALYSES = [
  squareRootTransform,
  perturbedObservations,
  serialSquareRoot,
  serialPerturbed,
  // Sharp enough a hyper-prior makes it the square-root transform.
  () => finiteSize({ certainty: 1e6 }),
];

for (const analysis of ANALYSES)
  describeFilter(
    analysis().name,
    (system, start) => new EnsembleFilter(system, start, { members, analysis: analysis(), dice: dice(3) }),
    { tolerance },
  );
