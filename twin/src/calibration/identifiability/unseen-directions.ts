import { allFinite } from "../../linear-algebra/finite.ts";
import { Matrix } from "../../linear-algebra/matrix.ts";
import type { Finding } from "../least-squares/fit-report.ts";
import type { Direction } from "./direction.ts";
import { fisherInformation } from "./fisher-information.ts";

/** sd of a direction in relative units from which on the data hardly see it: ± 50 % at one standard deviation. */
const HARDLY = 0.5;
/** From here on a standard deviation only says: anything goes. */
const WILD = 5;

/** Findings for every direction of a fit that its data leave open. */
export function unseenDirections(
  {
    ids,
    parameters,
    jacobian,
    residualSd,
    noiseScale,
  }: {
    readonly ids: readonly string[];
    readonly parameters: Float64Array;
    readonly jacobian: Matrix;
    readonly residualSd: number;
    readonly noiseScale: "known" | "estimated";
  },
  slopeError: number,
): Finding[] {
  const sigma = noiseScale === "known" ? 1 : residualSd;
  if (!(sigma >= 0) || !allFinite(jacobian)) return [];
  const { directions } = fisherInformation(scaledBy(jacobian, 1 / (sigma || 1)), {
    ids,
    values: parameters,
    slopeError,
  });
  return directions
    .filter(({ sd }) => sd > HARDLY)
    .map((direction) => ({
      kind: "unseen direction" as const,
      text: `${sentence(direction)} ${advice(direction)}`,
      value: direction.sd,
      threshold: HARDLY,
    }));
}

function sentence({ sd, words, seen, involved }: Direction): string {
  const band = sd < WILD ? `± ${(100 * sd).toFixed(0)} % at one standard deviation` : "";
  if (involved.length === 1)
    return band
      ? `${involved[0]} is known to ${band} only.`
      : `${involved[0]} has no effect that the data show.`;
  return `The data ${band ? `hardly see (${band})` : "do not see"} that ${words}; what they see is ${seen.join(", ")}.`;
}

const advice = ({ involved }: Direction): string =>
  involved.length === 1
    ? "Give it a prior, or add a sensor or an experiment that responds to it."
    : "Fix one of them, give it a prior, or add a sensor or an experiment that moves them apart.";

function scaledBy(matrix: Matrix, factor: number): Matrix {
  return new Matrix(
    matrix.rows,
    matrix.columns,
    matrix.data.map((value) => value * factor),
  );
}
