import { type InitialValueProblem, planned } from "./problem.ts";
import { IntegrationRun } from "./run.ts";
import type { OdeSystem } from "./system.ts";
import type { Trajectory } from "./trajectory.ts";

/**
 * Solves dx/dt = f(t, x) from (`start`, `initial`) and gives x at `times`.
 *
 * The values come from the continuous extension of the steps, which do not depend on the times asked for. The global error
 * is of the order of the tolerance times the conditioning of the problem, and jumps at that level when a parameter
 * changes the number of steps: difference a likelihood with steps well above it, and use `converge` for a number that
 * must not depend on the tolerance.
 * @throws {IntegrationError} INTEGRATION_FAILED with time, step and reason: a failed model run.
 * @throws {TwinError} BAD_SHAPE, BAD_SERIES or BAD_OPTION for a problem that makes no sense.
 */
export function integrate(system: OdeSystem, problem: InitialValueProblem): Trajectory {
  return new IntegrationRun(system, planned(system.size, problem)).trajectory();
}
