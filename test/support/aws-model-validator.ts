import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/**
 * Holds every request an SDK client sends, and every answer it gets, against AWS's own service models: required and
 * unknown members, lengths, patterns, enums, ranges, unions. The models are not part of the product; where their
 * folder is absent, `modelsPresent` is false and suites that need them are skipped by name.
 */
const FOLDER = path.resolve(process.env["PLUMBLINE_TEST_DATA"] ?? "../shared/data", "aws-models-slim");
export const modelsPresent: boolean = existsSync(path.join(FOLDER, "README.md"));

export type ServiceFile =
  | "iotsitewise"
  | "s3"
  | "batch"
  | "iot-data"
  | "kms"
  | "events"
  | "iot"
  | "cloudwatch";

interface Member {
  readonly shape: string;
}
interface Shape {
  readonly type: string;
  readonly members?: Readonly<Record<string, Member>>;
  readonly required?: readonly string[];
  readonly union?: boolean;
  readonly member?: Member;
  readonly key?: Member;
  readonly value?: Member;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}
export interface ModelOperation {
  readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode?: number };
  readonly input?: Member;
  readonly output?: Member;
  readonly errors?: readonly Member[];
  readonly endpoint?: { readonly hostPrefix?: string };
}
export interface ServiceModel {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly operations: Readonly<Record<string, ModelOperation>>;
  readonly shapes: Readonly<Record<string, Shape>>;
}

export const loadModel = (service: ServiceFile): ServiceModel =>
  JSON.parse(readFileSync(path.join(FOLDER, `${service}.json`), "utf8")) as ServiceModel;

type Direction = "request" | "answer";

/** What of a value breaks its shape, as `path: fault`. */
export function shapeFaults(
  model: ServiceModel,
  name: string,
  value: unknown,
  direction: Direction,
  at = name,
): string[] {
  const shape = model.shapes[name];
  if (shape === undefined) return [`${at}: the model has no shape ${name}`];
  switch (shape.type) {
    case "structure":
      return structureFaults(model, shape, value, direction, at);
    case "list":
      return listFaults(model, shape, value, direction, at);
    case "map":
      return mapFaults(model, shape, value, direction, at);
    case "string":
      return textFaults(shape, value, direction, at);
    case "blob":
      return blobFaults(shape, value, at);
    case "boolean":
      return typeof value === "boolean" ? [] : [`${at}: not a boolean`];
    case "timestamp":
      return value instanceof Date && !Number.isNaN(value.getTime()) ? [] : [`${at}: not a time`];
    default:
      return numberFaults(shape, value, at);
  }
}

type Rule = (model: ServiceModel, shape: Shape, value: unknown, direction: Direction, at: string) => string[];

const structureFaults: Rule = (model, shape, value, direction, at) => {
  if (typeof value !== "object" || value === null) return [`${at}: not a structure`];
  const members = shape.members ?? {};
  const given = Object.entries(value).filter(([name, each]) => each !== undefined && name !== "$metadata");
  const missing = (shape.required ?? []).filter((name) => !given.some(([each]) => each === name));
  return [
    ...missing.map((name) => `${at}.${name}: missing`),
    ...(shape.union === true && given.length !== 1
      ? [`${at}: ${given.length} members of a union are set`]
      : []),
    ...given.flatMap(([name, each]) => {
      const member = members[name];
      if (member === undefined) return [`${at}.${name}: not in the model`];
      return shapeFaults(model, member.shape, each, direction, `${at}.${name}`);
    }),
  ];
};

const listFaults: Rule = (model, shape, value, direction, at) => {
  if (!Array.isArray(value)) return [`${at}: not a list`];
  return [
    ...lengthFaults(shape, value.length, at),
    ...value.flatMap((each: unknown, index) =>
      shapeFaults(model, shape.member?.shape ?? "", each, direction, `${at}[${index}]`),
    ),
  ];
};

const mapFaults: Rule = (model, shape, value, direction, at) => {
  if (typeof value !== "object" || value === null) return [`${at}: not a map`];
  const entries = Object.entries(value);
  return [
    ...lengthFaults(shape, entries.length, at),
    ...entries.flatMap(([name, each]) => [
      ...shapeFaults(model, shape.key?.shape ?? "", name, direction, `${at}{key}`),
      ...shapeFaults(model, shape.value?.shape ?? "", each, direction, `${at}.${name}`),
    ]),
  ];
};

const lengthFaults = (
  { min = 0, max = Number.POSITIVE_INFINITY }: Shape,
  length: number,
  at: string,
): string[] => (length < min || length > max ? [`${at}: length ${length} is outside ${min}…${max}`] : []);

function textFaults(shape: Shape, value: unknown, direction: Direction, at: string): string[] {
  // SDK clients hand over event-like members (iot-data payloads) as adapted strings: still text.
  if (typeof value !== "string") return [`${at}: not text`];
  // AWS itself answers "" for an optional text that was never given, against its own minimum of 1.
  if (direction === "answer" && value === "") return [];
  const faults = lengthFaults(shape, value.length, at);
  if (shape.enum !== undefined && !shape.enum.includes(value))
    faults.push(`${at}: ${value} is not in the enum`);
  if (shape.pattern !== undefined && !new RegExp(`^(?:${shape.pattern})$`, "u").test(value))
    faults.push(`${at}: ${JSON.stringify(value)} does not match ${shape.pattern}`);
  return faults;
}

function blobFaults(shape: Shape, value: unknown, at: string): string[] {
  if (typeof value === "string") return lengthFaults(shape, Buffer.byteLength(value), at);
  if (value instanceof Uint8Array) return lengthFaults(shape, value.byteLength, at);
  // A stream: its length is not ours to read.
  return typeof value === "object" && value !== null ? [] : [`${at}: not a blob`];
}

function numberFaults(
  { type, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: Shape,
  value: unknown,
  at: string,
): string[] {
  if (typeof value !== "number") return [`${at}: not a number`];
  if ((type === "integer" || type === "long") && !Number.isInteger(value))
    return [`${at}: ${value} is not whole`];
  return value < min || value > max ? [`${at}: ${value} is outside ${min}…${max}`] : [];
}

/** As much of an SDK client as the validator touches. */
interface Client {
  readonly middlewareStack: {
    add(
      middleware: unknown,
      options: { readonly step: "initialize"; readonly name: string; readonly priority: "low" },
    ): void;
  };
}

interface Args {
  readonly input: Record<string, unknown>;
}
interface Result {
  readonly output: Record<string, unknown>;
}
interface Context {
  readonly commandName?: string;
}

export interface Validation {
  /** Everything that broke the model, in order; tests assert that it stays empty. */
  readonly faults: string[];
  /** Operations seen. */
  readonly seen: Set<string>;
}

/**
 * Adds the validator to a client. With `refuse`, a faulty request is not sent but thrown; tests that send faults on
 * purpose leave it off and read `faults`. Operations that the sliced model does not have pass unseen.
 */
export function validateAgainstModels(
  client: Client,
  service: ServiceFile,
  { refuse = true }: { refuse?: boolean } = {},
): Validation {
  const validation: Validation = { faults: [], seen: new Set() };
  if (!modelsPresent) return validation;
  const model = loadModel(service);
  const judge = (name: string, part: Member | undefined, value: unknown, direction: Direction): void => {
    const faults =
      part === undefined
        ? []
        : shapeFaults(model, part.shape, value, direction).map((fault) => `${name} ${direction}: ${fault}`);
    validation.faults.push(...faults);
    if (refuse && faults.length > 0) throw new Error(`against AWS's model: ${faults.join("; ")}`);
  };
  const middleware =
    (next: (args: Args) => Promise<Result>, context: Context) =>
    async (args: Args): Promise<Result> => {
      const name = (context.commandName ?? "").replace(/Command$/, "");
      const operation = model.operations[name];
      if (operation === undefined) return next(args);
      validation.seen.add(name);
      judge(name, operation.input, args.input, "request");
      const result = await next(args);
      judge(name, operation.output, result.output, "answer");
      return result;
    };
  // Last of the initialize step: behind the SDK's own, which fills in client tokens.
  client.middlewareStack.add(middleware, { step: "initialize", name: "awsModelValidator", priority: "low" });
  return validation;
}
