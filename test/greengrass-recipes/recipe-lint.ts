/**
 * What a recipe must keep to run on the classic nucleus and on nucleus lite alike. Most breaches are silent there: the
 * deployment succeeds and nothing runs, or only the part of a script before the fault.
 */
export interface Recipe {
  readonly ComponentConfiguration: { readonly DefaultConfiguration: Readonly<Record<string, unknown>> };
  readonly Manifests: readonly Manifest[];
  readonly ComponentDependencies?: unknown;
}
interface Manifest {
  readonly Platform: Readonly<Record<string, unknown>>;
  readonly Lifecycle: Readonly<Record<string, Phase>>;
  readonly Artifacts: readonly Readonly<Record<string, unknown>>[];
}
type Phase = Readonly<Record<string, unknown>> & { readonly Setenv?: Readonly<Record<string, unknown>> };

const KEYS: Readonly<Record<string, readonly string[]>> = {
  manifest: ["Name", "Platform", "Lifecycle", "Artifacts"],
  platform: ["os", "architecture", "runtime"],
  phase: ["RequiresPrivilege", "Setenv", "Script"],
  artifact: ["Uri", "Unarchive", "Permission", "Digest", "Algorithm"],
};
/** Known to both runtimes. The paths end with `/` on lite and not on classic, hence the slash. */
const VARIABLES = /\{(artifacts:path|artifacts:decompressedPath|work:path|kernel:rootPath|iot:thingName)\}/g;

const unknownKeys = (where: string, value: object, kind: string): string[] =>
  Object.keys(value)
    .filter((key) => !KEYS[kind]?.includes(key))
    .map((key) => `${where}.${key}: not a key that both runtimes know in this spelling`);

/** A path leaf by leaf; a list is one leaf, as the nucleus stores it. */
function leaves(value: unknown, path: string): { path: string; value: unknown }[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [{ path, value }];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, `${path}/${key}`));
}
const entries = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? Object.values(value).reduce<number>((sum, inner) => sum + 1 + entries(inner), 0)
    : 0;

function phaseFaults(where: string, phase: Phase): string[] {
  const { Script, Setenv = {} } = phase;
  const script = typeof Script === "string" ? Script : "";
  const braces = /[{}]/.test(
    [script, ...Object.values(Setenv).map(String)].join("\n").replaceAll(VARIABLES, ""),
  );
  return [
    ...unknownKeys(where, phase, "phase"),
    ...(script === "" ? [`${where}.Script: missing`] : []),
    ...(braces ? [`${where}: a brace that is no recipe variable; lite runs only what stands before it`] : []),
    ...(/[?*]|\$\{/.test(script) ? [`${where}.Script: a glob or \${…}; write $NAME`] : []),
    ...(/(^|; )exec node /.test(script)
      ? []
      : [`${where}.Script: must end in exec node, else SIGTERM reaches a shell`]),
    ...Object.entries(Setenv)
      .filter(([, value]) => typeof value !== "string")
      .map(([name]) => `${where}.Setenv.${name}: not a string; lite then runs nothing and reports success`),
  ];
}

function manifestFaults(manifest: Manifest, index: number): string[] {
  const where = `Manifests[${index}]`;
  const { Platform, Lifecycle, Artifacts } = manifest;
  const phases = Object.keys(Lifecycle);
  return [
    ...unknownKeys(where, manifest, "manifest"),
    ...unknownKeys(`${where}.Platform`, Platform, "platform"),
    ...(Platform["os"] === "linux" && Platform["runtime"] === "*"
      ? []
      : [`${where}.Platform: needs os linux and runtime *`]),
    ...(phases.join() === "run"
      ? []
      : [`${where}.Lifecycle: ${phases.join(", ")}; only run behaves alike everywhere`]),
    ...Object.entries(Lifecycle).flatMap(([name, phase]) => phaseFaults(`${where}.Lifecycle.${name}`, phase)),
    ...(Array.isArray(Artifacts) ? Artifacts : []).flatMap((artifact, at) => [
      ...unknownKeys(`${where}.Artifacts[${at}]`, artifact, "artifact"),
      ...(artifact["Permission"]
        ? []
        : [`${where}.Artifacts[${at}].Permission: missing; the defaults differ`]),
    ]),
    ...(Array.isArray(Artifacts) ? [] : [`${where}.Artifacts: missing; write [] when there are none`]),
  ];
}

/** Every breach, told as `where: what`; empty for a recipe that both runtimes run as written. */
export function lintRecipe(text: string): string[] {
  const recipe = JSON.parse(text) as Recipe;
  const configuration = recipe.ComponentConfiguration.DefaultConfiguration;
  const large = leaves(configuration, "").filter(
    ({ value }) => Buffer.byteLength(JSON.stringify(value)) > 1024,
  );
  return [
    ...(Buffer.byteLength(text) < 7500
      ? []
      : [`(whole): ${Buffer.byteLength(text)} bytes; lite reads 8,196`]),
    ...(entries(configuration) < 100
      ? []
      : ["DefaultConfiguration: 100 entries or more; lite reads 125 leaves at once"]),
    ...large.map(({ path }) => `DefaultConfiguration${path}: a leaf over 1,024 bytes; the deployment fails`),
    ...(recipe.ComponentDependencies === undefined
      ? []
      : ["ComponentDependencies: a service that stops would stop the agent"]),
    ...recipe.Manifests.flatMap(manifestFaults),
  ];
}
