import type { Operation } from "./service.ts";

export interface Match {
  readonly operation: Operation;
  readonly labels: Readonly<Record<string, string>>;
}

/** What of a request decides the operation. */
export interface Target {
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly target: string | undefined;
}

interface Route {
  readonly operation: Operation;
  readonly pattern: RegExp;
  readonly labels: readonly string[];
  readonly query: readonly (readonly [string, string])[];
}

const LABEL = /\{([A-Za-z]+)(\+?)\}/g;
const quoted = (literal: string): string => literal.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");

function compile(operation: Operation): Route {
  const [path = "", query = ""] = operation.path.split("?");
  const labels: string[] = [];
  const literal = path.endsWith("/") && path !== "/" ? path.slice(0, -1) : path;
  let source = "";
  let from = 0;
  for (const match of literal.matchAll(LABEL)) {
    source += quoted(literal.slice(from, match.index)) + (match[2] === "+" ? "(.+)" : "([^/]+)");
    labels.push(match[1] ?? "");
    from = match.index + match[0].length;
  }
  source += quoted(literal.slice(from));
  // SDK v3 drops the trailing slash that some of AWS's paths end in: both are right. A greedy label keeps it.
  const end = literal.endsWith("+}") ? "$" : "/?$";
  const fixed = [...new URLSearchParams(query)].filter(([name]) => name !== "");
  return { operation, pattern: new RegExp(`^${source}${end}`), labels, query: fixed };
}

/** Finds the operation of a request; the first that matches in the table's order. */
export function makeRouter(operations: readonly Operation[]): (target: Target) => Match | undefined {
  const routes = operations.map(compile);
  return ({ method, path, query, target }) => {
    for (const route of routes) {
      if (route.operation.method !== method || route.operation.target !== target) continue;
      const match = route.pattern.exec(path);
      if (match === null || !route.query.every(([name, value]) => query.get(name)?.[0] === value)) continue;
      const labels = route.labels.map((name, at) => [name, decoded(match[at + 1] ?? "")] as const);
      if (labels.some(([, value]) => value === undefined)) continue;
      return { operation: route.operation, labels: Object.fromEntries(labels) as Record<string, string> };
    }
    return undefined;
  };
}

const decoded = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
};
