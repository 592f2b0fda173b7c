import { integrate } from "@plumbline/twin/integration/integrate";
import type { IntegrationOptions } from "@plumbline/twin/integration/problem";
import type { OdeSystem } from "@plumbline/twin/integration/system";

/** A PEtab problem as in the reference data: equations are Python expressions over names. */
export interface PetabProblem {
  readonly llh_independent_scipy: number;
  readonly chi2: number;
  readonly states: readonly string[];
  readonly odes: Readonly<Record<string, string>>;
  readonly assignment_rules: readonly (readonly [name: string, expression: string])[];
  readonly initial_values: Readonly<Record<string, number>>;
  readonly initial_assignments: Readonly<Record<string, string>>;
  readonly compartments: Readonly<Record<string, number>>;
  readonly model_parameters: Readonly<Record<string, number>>;
  readonly parameters: readonly { readonly parameterId: string; readonly nominalValue: string | number }[];
  readonly observables: readonly {
    readonly observableId: string;
    readonly observableFormula: string;
    readonly noiseFormula: string;
    readonly observableTransformation: "lin" | "log" | "log10";
  }[];
  readonly measurements: readonly {
    readonly observableId: string;
    readonly measurement: string | number;
    readonly time: string | number;
    readonly observableParameters?: string | number;
    readonly noiseParameters?: string | number;
  }[];
  /** [observable, condition, time, noise-free value, sd]. */
  readonly simulated: readonly (readonly [string, string, number, number, number])[];
}

export interface PetabFit {
  readonly logLikelihood: number;
  readonly chiSquared: number;
  readonly simulated: readonly number[];
}

type Scope = Readonly<Record<string, number>>;

/** The expression as a function of a scope; conditionals do not occur in the two problems. */
function compiled(expression: string, names: readonly string[]): (scope: Scope) => number {
  const body = expression.replaceAll("math.", "Math.");
  const call = new Function(...names, `return ${body};`) as (...values: number[]) => number;
  return (scope) => call(...names.map((name) => scope[name] as number));
}

const constantsOf = (problem: PetabProblem): Record<string, number> => ({
  ...problem.compartments,
  ...problem.model_parameters,
  ...Object.fromEntries(
    problem.parameters.map(({ parameterId, nominalValue }) => [parameterId, Number(nominalValue)]),
  ),
});

/** The names are bound once: the derivative is one function of t and x. */
function systemOf(problem: PetabProblem, constants: Scope): OdeSystem {
  const rules = problem.assignment_rules.map(([name, expression]) => `${name} = ${expression};`);
  const free = Object.keys(constants).filter(
    (name) => !problem.assignment_rules.some(([rule]) => rule === name),
  );
  const lines = [
    ...free.map((name) => `const ${name} = constants.${name};`),
    ...problem.assignment_rules.map(([name]) => `let ${name};`),
    "return (t, x, out) => {",
    ...problem.states.map((name, index) => `const ${name} = x[${index}];`),
    ...rules,
    ...problem.states.map((name, index) => `out[${index}] = ${problem.odes[name]};`),
    "};",
  ];
  const make = new Function("constants", lines.join("\n").replaceAll("math.", "Math."));
  return { size: problem.states.length, derivative: make(constants) };
}

/** Log-likelihood at the nominal point: Σ ln N, with the Jacobian of a transformed observable. */
export function petabFit(problem: PetabProblem, options: IntegrationOptions): PetabFit {
  const constants = constantsOf(problem);
  const names = Object.keys(constants);
  const initial = problem.states.map((state) => {
    const assigned = problem.initial_assignments[state];
    return assigned === undefined
      ? (problem.initial_values[state] as number)
      : compiled(assigned, names)(constants);
  });
  const times = [...new Set(problem.measurements.map(({ time }) => Number(time)))].sort(
    (left, right) => left - right,
  );
  const { states } = integrate(systemOf(problem, constants), { start: 0, initial, times, ...options });
  let logLikelihood = 0;
  let chiSquared = 0;
  const simulated = problem.measurements.map((row) => {
    const observable = problem.observables.find(({ observableId }) => observableId === row.observableId);
    if (observable === undefined) throw new Error(`no observable ${row.observableId}`);
    const at = times.indexOf(Number(row.time));
    const scope: Record<string, number> = { ...constants, t: Number(row.time) };
    for (const [index, state] of problem.states.entries()) scope[state] = states.get(at, index);
    const place = (kind: string, values: string | number | undefined): void => {
      for (const [index, value] of String(values ?? "")
        .split(";")
        .entries())
        scope[`${kind}Parameter${index + 1}_${row.observableId}`] = constants[value] ?? Number(value);
    };
    place("observable", row.observableParameters);
    place("noise", row.noiseParameters);
    const scopeNames = Object.keys(scope);
    const value = compiled(observable.observableFormula, scopeNames)(scope);
    const sd = compiled(observable.noiseFormula, scopeNames)(scope);
    const measured = Number(row.measurement);
    const scaleOf = { lin: (y: number) => y, log: Math.log, log10: Math.log10 }[
      observable.observableTransformation
    ];
    const jacobian = { lin: 0, log: -Math.log(measured), log10: -Math.log(measured * Math.LN10) }[
      observable.observableTransformation
    ];
    const residual = (scaleOf(measured) - scaleOf(value)) / sd;
    logLikelihood += jacobian - 0.5 * residual ** 2 - Math.log(sd) - 0.5 * Math.log(2 * Math.PI);
    chiSquared += residual ** 2;
    return value;
  });
  return { logLikelihood, chiSquared, simulated };
}
