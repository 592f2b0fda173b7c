import { randomUUID } from "node:crypto";
import type { RawRequest } from "./fastify-server.ts";
import { makeRouter } from "./router.ts";
import type { Answer, Service } from "./service.ts";
import { ServiceFault } from "./service-fault.ts";
import type { RefusalKind, SignatureVerifier } from "./signature-v4.ts";

export interface DispatchEvents {
  readonly refused: (service: string, kind: RefusalKind, message: string) => void;
  readonly failed: (service: string, request: string, error: unknown) => void;
}

export interface DispatchSettings {
  readonly services: Readonly<Record<ServiceName, Service>>;
  readonly verifier: SignatureVerifier;
  readonly region: string;
  readonly wall: () => number;
  readonly events: DispatchEvents;
}

export type ServiceName = "sitewise" | "s3" | "batch" | "iotData" | "kms";

/**
 * On AWS each service has a host of its own; in the box they share one, and the first word of the path tells
 * them apart. What no other service claims is an S3 bucket, so these words cannot be bucket names.
 */
const FIRST_WORD: ReadonlyMap<string, ServiceName> = new Map([
  ["v1", "batch"],
  ["topics", "iotData"],
  ["things", "iotData"],
  ["api", "iotData"],
  ["properties", "sitewise"],
  ["assets", "sitewise"],
  ["asset-models", "sitewise"],
  ["timeseries", "sitewise"],
  ["configuration", "sitewise"],
  ["jobs", "sitewise"],
  ["queries", "sitewise"],
  ["tags", "sitewise"],
]);

/** A host that names a service's data or control plane, as SiteWise's do. */
const HOST_PREFIX = /^(data|api)\./;

interface Request extends RawRequest {
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly target: string | undefined;
}

/** Request → service → signature → size → operation → answer; what goes wrong is told in the service's framing. */
export function makeDispatch(settings: DispatchSettings): (request: RawRequest) => Promise<Answer> {
  const routers = new Map(
    Object.values(settings.services).map((service) => [service, makeRouter(service.operations)] as const),
  );
  return async (raw) => {
    const requestId = randomUUID();
    const request = { ...raw, ...splitUrl(raw.url), target: raw.headers.get("x-amz-target") };
    const service = settings.services[serviceOf(request)];
    try {
      await authenticate(settings, service, request);
      bounded(service, request);
      const match = routers.get(service)?.(request);
      if (match === undefined) throw unknownOperation(service, request);
      rightHost(match.operation.hostPrefix, request);
      const call = { ...request, labels: match.labels, requestId };
      return finish(request.method, requestId, await match.operation.answer(call));
    } catch (error) {
      if (!(error instanceof ServiceFault))
        settings.events.failed(
          service.signingName,
          `${request.method} ${request.path} ${request.target ?? ""}`,
          error,
        );
      return finish(request.method, requestId, service.fault(asFault(error), requestId));
    }
  };
}

const serviceOf = ({ path, target }: Request): ServiceName =>
  target === undefined ? (FIRST_WORD.get(path.split("/", 2)[1] ?? "") ?? "s3") : "kms";

function splitUrl(url: string): Pick<Request, "path" | "query"> {
  const at = url.indexOf("?");
  if (at < 0) return { path: url, query: new Map() };
  const query = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(url.slice(at + 1)))
    query.set(name, [...(query.get(name) ?? []), value]);
  return { path: url.slice(0, at), query };
}

async function authenticate(settings: DispatchSettings, service: Service, request: Request): Promise<void> {
  const scope = {
    service: service.signingName,
    region: settings.region,
    escapesPath: service.escapesPath,
    wall: settings.wall(),
  };
  const verdict = await settings.verifier.verify(request, scope);
  if (verdict.ok) return;
  settings.events.refused(service.signingName, verdict.kind, verdict.message);
  const [status, code] = (service.signingName === "s3" ? S3_REFUSAL : REFUSAL)[verdict.kind];
  throw new ServiceFault(status, code, verdict.message);
}

const REFUSAL: Readonly<Record<RefusalKind, readonly [number, string]>> = {
  missing: [403, "MissingAuthenticationTokenException"],
  malformed: [400, "IncompleteSignatureException"],
  "unknown-key": [403, "UnrecognizedClientException"],
  "wrong-scope": [403, "InvalidSignatureException"],
  skewed: [403, "InvalidSignatureException"],
  mismatch: [403, "InvalidSignatureException"],
  body: [403, "InvalidSignatureException"],
};

const S3_REFUSAL: typeof REFUSAL = {
  missing: [403, "AccessDenied"],
  malformed: [400, "AuthorizationHeaderMalformed"],
  "unknown-key": [403, "InvalidAccessKeyId"],
  "wrong-scope": [400, "AuthorizationHeaderMalformed"],
  skewed: [403, "RequestTimeTooSkewed"],
  mismatch: [403, "SignatureDoesNotMatch"],
  body: [400, "XAmzContentSHA256Mismatch"],
};

function bounded(service: Service, { body }: Request): void {
  if (body.length <= service.maxBodyBytes) return;
  const told = `The body has ${body.length} bytes; ${service.signingName} takes at most ${service.maxBodyBytes}`;
  throw new ServiceFault(413, "RequestEntityTooLargeException", told);
}

function rightHost(prefix: string | undefined, { headers }: Request): void {
  const given = HOST_PREFIX.exec(headers.get("host") ?? "")?.[0];
  if (prefix === undefined || given === undefined || given === prefix) return;
  throw new ServiceFault(
    404,
    "UnknownOperationException",
    `This operation lives on the host "${prefix}…", not on "${given}…"`,
  );
}

const unknownOperation = (service: Service, { method, path, target }: Request): ServiceFault =>
  new ServiceFault(
    404,
    "UnknownOperationException",
    `${target ?? `${method} ${path}`} of ${service.signingName} is not emulated by the cloud in a box`,
  );

const asFault = (error: unknown): ServiceFault =>
  error instanceof ServiceFault
    ? error
    : new ServiceFault(500, "InternalFailureException", "The box failed; its log says why");

const finish = (method: string, requestId: string, { status, headers, body }: Answer): Answer => ({
  status,
  headers: {
    ...headers,
    "x-amzn-requestid": requestId,
    "x-amz-request-id": requestId,
    date: new Date().toUTCString(),
  },
  // HEAD has headers only; a body would break the connection's framing.
  ...(method === "HEAD" || body === undefined ? {} : { body }),
});
