/** One file that breaks each rule, and one beside it that keeps it; paths are those of the repository. */
export interface Plant {
  readonly rule: string;
  readonly file: string;
  readonly source: string;
}

export const BREACHES: readonly Plant[] = [
  { rule: "twin-is-pure", file: "twin/src/models/reads-files.ts", source: 'import "node:fs";' },
  { rule: "twin-is-pure", file: "twin/src/models/deflates-itself.ts", source: 'import "fflate";' },
  { rule: "twin-hashes-in-one-file", file: "twin/src/contract/sha256.ts", source: 'import "node:crypto";' },
  { rule: "twin-deflates-in-one-file", file: "twin/src/contract/deflate.ts", source: 'import "node:zlib";' },
  {
    rule: "mathematics-knows-no-machine",
    file: "twin/src/probability/prior-of-a-web-line.ts",
    source: 'import "../models/fine.ts";',
  },
  {
    rule: "estimation-knows-no-calibration",
    file: "twin/src/estimation/nonlinear/asks-the-judge.ts",
    source: 'import "../../calibration/fine.ts";',
  },
  {
    rule: "sides-meet-only-in-twin",
    file: "edge-agent/src/apply/asks-the-cloud.ts",
    source: 'import "../../../cloud/src/ingest/fine.ts";',
  },
  {
    rule: "sides-meet-only-in-twin",
    file: "cloud/src/ingest/asks-the-edge.ts",
    source: 'import type { Fine } from "../../../edge-agent/src/source/fine.ts"; export type Mine = Fine;',
  },
  {
    rule: "sides-meet-only-in-twin",
    file: "simulators/src/plant/asks-the-edge.ts",
    source: 'import "../../../edge-agent/src/source/fine.ts";',
  },
  {
    rule: "no-inverse-crime",
    file: "simulators/src/plant/estimators-own-equations.ts",
    source: 'import "@plumbline/twin/models/fine";',
  },
  {
    rule: "edge-stages-know-only-themselves",
    file: "edge-agent/src/filter/reaches-forward.ts",
    source: 'import "../source/fine.ts";',
  },
  {
    rule: "cloud-stages-know-only-themselves",
    file: "cloud/src/recalibrate/reaches-back.ts",
    source: 'import "../ingest/fine.ts";',
  },
  {
    rule: "common-folders-know-no-stage",
    file: "cloud/src/store/back-door.ts",
    source: 'import "../ingest/fine.ts";',
  },
  { rule: "only-stacks-know-the-cdk", file: "cloud/src/ingest/handler.ts", source: 'import "aws-cdk-lib";' },
  {
    rule: "stacks-name-handlers-by-path",
    file: "cloud/src/stacks/runs-the-product.ts",
    source: 'import "../ingest/fine.ts";',
  },
  {
    rule: "product-knows-no-test",
    file: "cloud/src/publish/leans-on-a-test.ts",
    source: 'import "../../../test/support/fine.ts";',
  },
  {
    rule: "bin-imports-no-workspace",
    file: "bin/plumbline.mjs",
    source: 'import "../twin/src/errors.ts"; import "fflate";',
  },
  {
    rule: "no-cycles",
    file: "twin/src/models/hen.ts",
    source: 'import { egg } from "./egg.ts"; export const hen = (): unknown => egg;',
  },
  { rule: "everything-resolves", file: "cloud/src/fleet/lost.ts", source: 'import "./nowhere.ts";' },
];

/** What the rules must let through, else they forbid the product itself. */
export const ALLOWED: readonly Omit<Plant, "rule">[] = [
  { file: "twin/src/errors.ts", source: "export const errors = 1;" },
  { file: "twin/src/linear-algebra/fine.ts", source: 'import "../errors.ts"; export const fine = 1;' },
  {
    file: "twin/src/calibration/fine.ts",
    source: 'import { fine } from "../linear-algebra/fine.ts"; import "../models/fine.ts"; export { fine };',
  },
  {
    file: "twin/src/models/fine.ts",
    source: 'import { errors } from "../errors.ts"; export const fine = errors;',
  },
  {
    file: "twin/src/models/egg.ts",
    source: 'import { hen } from "./hen.ts"; export const egg = (): unknown => hen;',
  },
  { file: "twin/src/contract/topics.ts", source: "export const topic = 1;" },
  {
    file: "edge-agent/src/source/fine.ts",
    source: 'import "mqtt"; export type Fine = string; export const fine = 1;',
  },
  { file: "edge-agent/src/pipeline.ts", source: 'import "./source/fine.ts"; import "./filter/fine.ts";' },
  { file: "edge-agent/src/filter/fine.ts", source: 'import "@plumbline/twin/models/fine";' },
  {
    file: "cloud/src/ingest/fine.ts",
    source: 'import "@plumbline/twin/contract/topics"; export const fine = 1;',
  },
  {
    file: "cloud/src/aws/adapter.ts",
    source: 'import type { Fine } from "../history/port.ts"; export type Mine = Fine;',
  },
  { file: "cloud/src/history/port.ts", source: "export type Fine = string;" },
  { file: "cloud/src/recalibrate/handler.ts", source: 'import "../ingest/fine.ts";' },
  { file: "cloud/src/stacks/fine.ts", source: 'import "aws-cdk-lib"; import "@plumbline/twin/models/fine";' },
  {
    file: "simulators/src/plant/fine.ts",
    source: 'import "@plumbline/twin/contract/topics"; import "@plumbline/twin/errors";',
  },
  { file: "test/support/fine.ts", source: 'import "../../cloud/src/ingest/fine.ts";' },
  { file: "bin/setup.mjs", source: 'import "node:fs"; import "node:fs/promises"; import "./plumbline.mjs";' },
];

/** Packages that exist in the planted tree, empty. */
export const PACKAGES: readonly string[] = ["fflate", "aws-cdk-lib", "mqtt"];
