import { TwinError } from "../errors.ts";
import type { SteadyModel } from "./process-model.ts";
import { webLineModel } from "./web-line.ts";

const MODELS: ReadonlyMap<string, SteadyModel> = new Map([[webLineModel.id, webLineModel]]);

/** The model that a definition or a parameter set names. */
export function steadyModel(id: string): SteadyModel {
  const found = MODELS.get(id);
  if (found) return found;
  throw new TwinError(
    "UNKNOWN_MODEL",
    `no model is called ${JSON.stringify(id)}`,
    `use one of: ${[...MODELS.keys()].join(", ")}`,
  );
}
