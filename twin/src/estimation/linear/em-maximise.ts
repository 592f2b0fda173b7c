import { Matrix, multiply, timesVector } from "../../linear-algebra/matrix.ts";
import { matrixOf } from "./arrays.ts";
import { addAll, addOuter, meanOf, regress } from "./em-regression.ts";
import { maximiseSensors } from "./em-sensors.ts";
import type { EmTargets, Expected } from "./em-targets.ts";
import type { ModelMatrices } from "./linear-model.ts";
import type { Transition } from "./model.ts";
import type { SmoothedStep } from "./smoother.ts";

/** The M step: matrices that maximise the expected log-density of states and readings together. */
export function maximise(matrices: ModelMatrices, expected: Expected, targets: EmTargets): ModelMatrices {
  const dynamics = maximiseDynamics(matrices, expected, targets);
  const sensors = maximiseSensors(matrices, expected, targets);
  if (!targets.start) return { ...matrices, ...dynamics, ...sensors };
  const first = expected.smoothed[0] as SmoothedStep;
  return {
    ...matrices,
    ...dynamics,
    ...sensors,
    start: { ...matrices.start, mean: first.state.mean, covariance: first.state.covariance },
  };
}

/** F and c by regression of each state on the one before, Q from what is left. */
function maximiseDynamics(
  matrices: ModelMatrices,
  expected: Expected,
  { transition, drift, processNoise }: EmTargets,
): Partial<ModelMatrices> {
  if (!transition && !drift && !processNoise) return {};
  const pairs = pairsOf(expected);
  const old = matrixOf(matrices.transition, "the transition");
  const regressed =
    transition || drift
      ? regress(
          pairs.map(({ before, after, cross, move }) => ({
            predictor: before,
            response: after.mean.map((value, index) => value - (drift ? 0 : (move.drift?.[index] ?? 0))),
            cross,
          })),
          { slopes: transition ? undefined : old, constant: drift === true },
        )
      : undefined;
  const matrix = regressed?.slopes ?? old;
  const changed: Partial<ModelMatrices> = {
    ...(transition && { transition: matrix }),
    ...(drift && regressed && { drift: regressed.constant }),
  };
  if (!processNoise) return changed;
  const total = new Matrix(old.rows, old.rows);
  for (const { before, after, cross, move } of pairs) {
    const constant = drift ? regressed?.constant : move.drift;
    const moved = timesVector(matrix, before.mean);
    const rest = after.mean.map(
      (value, index) => value - (moved[index] as number) - (constant?.[index] ?? 0),
    );
    addOuter(total, rest);
    const across = multiply(cross, matrix.transpose());
    addAll(total, after.covariance, 1);
    addAll(total, multiply(multiply(matrix, before.covariance), matrix.transpose()), 1);
    addAll(total, across, -1);
    addAll(total, across.transpose(), -1);
  }
  return { ...changed, processNoise: meanOf(total, pairs.length, processNoise) };
}

interface Pair {
  readonly before: SmoothedStep["state"];
  readonly after: SmoothedStep["state"];
  readonly cross: Matrix;
  readonly move: Transition;
}

function pairsOf({ steps, smoothed }: Expected): Pair[] {
  return steps.slice(1).map(({ transition }, index) => {
    const [before, after] = [smoothed[index] as SmoothedStep, smoothed[index + 1] as SmoothedStep];
    return {
      before: before.state,
      after: after.state,
      cross: after.lagOne as Matrix,
      move: transition as Transition,
    };
  });
}
