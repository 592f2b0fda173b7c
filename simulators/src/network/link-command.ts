import { type CutProxy, LINK_STATES, type LinkState, type LinkStats } from "./cut-proxy.ts";

export type LinkAnswer =
  | LinkStats
  | { readonly error: { readonly code: string; readonly message: string; readonly hint: string } };

/** Carries out one command line; a line that is wrong in any part changes nothing. */
export function obeyLink(proxy: CutProxy, line: string): LinkAnswer {
  const command = parse(line);
  const { link, latencyMs, bytesPerSecond, ...unknown } = command ?? {};
  const isSize = (value: unknown): boolean =>
    value === undefined || (typeof value === "number" && value >= 0 && value < 1e12);
  const isLink = link === undefined || LINK_STATES.includes(link as LinkState);
  if (
    command === undefined ||
    Object.keys(unknown).length > 0 ||
    !isLink ||
    !isSize(latencyMs) ||
    !isSize(bytesPerSecond)
  ) {
    const hint = `write {"link": "${LINK_STATES.join(" | ")}"}, {"latencyMs": n}, {"bytesPerSecond": n} or {}`;
    return {
      error: { code: "BAD_COMMAND", message: `${JSON.stringify(line.slice(0, 80))} is not a command`, hint },
    };
  }
  if (latencyMs !== undefined) proxy.setLatency(latencyMs as number);
  if (bytesPerSecond !== undefined) proxy.setBandwidth(bytesPerSecond as number);
  if (link !== undefined) proxy.become(link as LinkState);
  return proxy.stats();
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
