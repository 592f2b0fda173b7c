import { TwinError } from "../errors.ts";

/** What no score may be computed of. */
export const badForecast = (found: string, expected: string): TwinError =>
  new TwinError("BAD_FORECAST", `cannot score ${found}`, `expected ${expected}`);

export function requireSpread(sd: number): void {
  if (!(sd > 0 && Number.isFinite(sd)))
    throw badForecast(`a standard deviation of ${sd}`, "a positive, finite one");
}

export function requireFinite(location: number, observation: number): void {
  if (!Number.isFinite(location)) throw badForecast(`a forecast of ${location}`, "finite values");
  if (!Number.isFinite(observation))
    throw badForecast(`an observation of ${observation}`, "a finite one: leave out what is missing");
}
