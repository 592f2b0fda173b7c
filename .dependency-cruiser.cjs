/**
 * Who may know whom. Every rule is seen to fire in test/architecture/dependencies.test.ts, which also counts the
 * modules: a tree that the cruiser cannot read has no violations either.
 */
const EDGE_STAGE = "^edge-agent/src/(source|validate|filter|outbox|uplink|apply|health)/";
const CLOUD_STAGE = "^cloud/src/(ingest|recalibrate|publish|history|provision|fleet)/";
/** The files that compose stages, and so may know several. */
const COMPOSERS = "/(pipeline|main|[a-z-]*handler)\\.ts$";
/** The part of twin that is no machine's. */
const MATHEMATICS = "^twin/src/(linear-algebra|random|probability|optimisation|integration|diagnostics)/";
const LAB = "^(bin|test)/";

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "twin-is-pure",
      comment: "Edge and cloud run the same mathematics: it may know no package and no platform.",
      severity: "error",
      from: { path: "^twin/src/", pathNot: "^twin/src/contract/(sha256|deflate)\\.ts$" },
      to: { pathNot: "^twin/src/" },
    },
    {
      name: "twin-hashes-in-one-file",
      comment: "contract/sha256.ts is the one file that knows @noble/hashes, and that is all it knows.",
      severity: "error",
      from: { path: "^twin/src/contract/sha256\\.ts$" },
      to: { pathNot: "^(twin/src/|node_modules/@noble/hashes/)" },
    },
    {
      name: "twin-deflates-in-one-file",
      comment: "contract/deflate.ts is the one file that knows fflate, and that is all it knows.",
      severity: "error",
      from: { path: "^twin/src/contract/deflate\\.ts$" },
      to: { pathNot: "^(twin/src/|node_modules/fflate/)" },
    },
    {
      name: "mathematics-knows-no-machine",
      comment: "What is true of any matrix, sample or function is written once, and without a twin in mind.",
      severity: "error",
      from: { path: MATHEMATICS },
      to: { path: "^twin/src/", pathNot: `${MATHEMATICS}|^twin/src/(errors|choice|contract/sha256)\\.ts$` },
    },
    {
      name: "estimation-knows-no-calibration",
      comment: "The gateway runs the filters without the calibrator; what both need is below both.",
      severity: "error",
      from: { path: "^twin/src/(contract|definition|models|estimation)/" },
      to: { path: "^twin/src/(calibration|prognosis)/" },
    },
    {
      name: "sides-meet-only-in-twin",
      comment: "What the device and the cloud share is in twin, where both can be tested against it.",
      severity: "error",
      from: { path: "^(edge-agent|cloud|simulators)/src/" },
      to: { path: "^(edge-agent|cloud|simulators)/", pathNot: "^$1/" },
    },
    {
      name: "no-inverse-crime",
      comment: "A plant simulated with the estimator's own equations makes every estimator look perfect.",
      severity: "error",
      from: { path: "^simulators/src/" },
      to: { path: "^twin/src/", pathNot: "^twin/src/((contract|definition)/|(units|errors)\\.ts$)" },
    },
    {
      name: "edge-stages-know-only-themselves",
      comment:
        "A stage knows its own folder and twin; pipeline.ts, main.ts and handlers put stages together.",
      severity: "error",
      from: { path: EDGE_STAGE, pathNot: COMPOSERS },
      to: { path: EDGE_STAGE, pathNot: "^edge-agent/src/$1/" },
    },
    {
      name: "cloud-stages-know-only-themselves",
      comment:
        "A stage knows its own folder and twin; pipeline.ts, main.ts and handlers put stages together.",
      severity: "error",
      from: { path: CLOUD_STAGE, pathNot: COMPOSERS },
      to: { path: CLOUD_STAGE, pathNot: "^cloud/src/$1/" },
    },
    {
      name: "common-folders-know-no-stage",
      comment:
        "What several stages use may not lead from one into another by the back door; an adapter knows its port's types.",
      severity: "error",
      from: { path: "^cloud/src/(aws|sitewise|store)/" },
      to: { path: CLOUD_STAGE, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "only-stacks-know-the-cdk",
      comment: "A handler that imports the CDK carries 200 MB into the function.",
      severity: "error",
      from: { path: "^(twin|edge-agent|cloud|simulators)/src/", pathNot: "^cloud/src/stacks/" },
      to: { path: "^node_modules/(aws-cdk-lib|aws-cdk|cdk-nag|constructs)/" },
    },
    {
      name: "stacks-name-handlers-by-path",
      comment:
        "Synthesis must not run the product: stacks give a path to the bundler and import nothing of a stage.",
      severity: "error",
      from: { path: "^cloud/src/stacks/" },
      to: { path: "^cloud/src/", pathNot: "^cloud/src/stacks/" },
    },
    {
      name: "product-knows-no-test",
      comment: "Nothing that ships depends on a test or on the repository's own tools.",
      severity: "error",
      from: { path: "^(twin|edge-agent|cloud|simulators)/src/" },
      to: { path: LAB },
    },
    {
      name: "bin-imports-no-workspace",
      comment:
        "The commands run before anything is installed or built: they start the workspaces, and import none.",
      severity: "error",
      from: { path: "^bin/(plumbline|setup|test|check)\\.mjs$" },
      to: { pathNot: "^(bin/[^/]+$|[a-z_/]+$|node:)" },
    },
    {
      name: "no-cycles",
      comment: "Two files that need each other are one file, or hide a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "everything-resolves",
      comment: "An import that the cruiser cannot follow is an import no rule has judged.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|cdk\\.out|\\.plumbline)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["source", "types", "import", "node", "default"],
      extensions: [".ts", ".mjs", ".js", ".cjs", ".d.ts", ".json"],
    },
  },
};
