import { createHash, timingSafeEqual } from "node:crypto";
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

/** The farthest that a signature's time may lie from the wall clock, ms. AWS allows 15 minutes. */
const MAX_SKEW = 15 * 60_000;
/** Values of `x-amz-content-sha256` that stand for "the body is not in the signature". */
const UNSIGNED = new Set(["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"]);

export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly name: string;
}

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface Scope {
  readonly service: string;
  readonly region: string;
  /** S3 signs its path unescaped and may leave the body out of the signature. */
  readonly escapesPath: boolean;
  readonly wall: number;
}

export type RefusalKind =
  | "missing"
  | "malformed"
  | "unknown-key"
  | "wrong-scope"
  | "skewed"
  | "mismatch"
  | "body";
export type Verdict =
  | { readonly ok: true; readonly caller: Credential }
  | { readonly ok: false; readonly kind: RefusalKind; readonly message: string };

const refuse = (kind: RefusalKind, message: string): Verdict => ({ ok: false, kind, message });

interface Authorization {
  readonly accessKeyId: string;
  readonly scope: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/((\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request),\s*SignedHeaders=([a-z0-9;._-]+),\s*Signature=([0-9a-f]{64})$/;

function readAuthorization(header: string): Authorization | undefined {
  const [, accessKeyId, scope, date, region, service, signed, signature] = AUTHORIZATION.exec(header) ?? [];
  if (accessKeyId === undefined || scope === undefined || date === undefined || region === undefined)
    return undefined;
  if (service === undefined || signed === undefined || signature === undefined) return undefined;
  return { accessKeyId, scope, date, region, service, signedHeaders: signed.split(";"), signature };
}

const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
const readDate = (amzDate: string): Date | undefined => {
  if (!DATE.test(amzDate)) return undefined;
  const date = new Date(amzDate.replace(DATE, "$1-$2-$3T$4:$5:$6Z"));
  return Number.isNaN(date.getTime()) ? undefined : date;
};

/** Recomputes every request's Signature Version 4 with the secret that the box knows for the access key. */
export class SignatureVerifier {
  private readonly credentials: ReadonlyMap<string, Credential>;
  private readonly signers = new Map<string, SignatureV4>();

  constructor(credentials: readonly Credential[]) {
    this.credentials = new Map(credentials.map((each) => [each.accessKeyId, each]));
  }

  async verify(request: SignedRequest, scope: Scope): Promise<Verdict> {
    const header = request.headers.get("authorization");
    if (header === undefined) return refuse("missing", "Missing Authentication Token");
    const authorization = readAuthorization(header);
    const date = readDate(request.headers.get("x-amz-date") ?? "");
    if (authorization === undefined || date === undefined)
      return refuse("malformed", "Authorization header or x-amz-date is not of Signature Version 4");
    const scopeFault = wrongScope(authorization, date, scope);
    if (scopeFault !== undefined) return scopeFault;
    const credential = this.credentials.get(authorization.accessKeyId);
    if (credential === undefined)
      return refuse("unknown-key", `The access key "${authorization.accessKeyId}" is not known to the box`);
    const bodyFault = wrongBody(request, scope);
    if (bodyFault !== undefined) return bodyFault;
    const expected = await this.signature(request, authorization, credential, date, scope);
    if (!timingSafeEqual(Buffer.from(expected), Buffer.from(authorization.signature)))
      return refuse(
        "mismatch",
        "The request signature we calculated does not match the signature you provided.",
      );
    return { ok: true, caller: credential };
  }

  private async signature(
    request: SignedRequest,
    { signedHeaders }: Authorization,
    credential: Credential,
    date: Date,
    scope: Scope,
  ): Promise<string> {
    const headers = Object.fromEntries(signedHeaders.map((name) => [name, request.headers.get(name) ?? ""]));
    const query = Object.fromEntries(
      [...request.query].map(([name, values]) => [
        name,
        values.length === 1 ? (values[0] ?? "") : [...values],
      ]),
    );
    const signed = await this.signer(credential, scope).sign(
      {
        method: request.method,
        protocol: "http:",
        hostname: "",
        path: request.path,
        query,
        headers,
        body: request.body,
      },
      { signingDate: date, signableHeaders: new Set(signedHeaders) },
    );
    return readAuthorization(signed.headers["authorization"] ?? "")?.signature ?? "".padStart(64, "-");
  }

  private signer(
    { accessKeyId, secretAccessKey }: Credential,
    { service, region, escapesPath }: Scope,
  ): SignatureV4 {
    const key = `${accessKeyId} ${service} ${region}`;
    const known = this.signers.get(key);
    if (known !== undefined) return known;
    const signer = new SignatureV4({
      credentials: { accessKeyId, secretAccessKey },
      service,
      region,
      sha256: Sha256,
      uriEscapePath: escapesPath,
      applyChecksum: false,
    });
    this.signers.set(key, signer);
    return signer;
  }
}

function wrongScope(authorization: Authorization, date: Date, scope: Scope): Verdict | undefined {
  if (authorization.service !== scope.service)
    return refuse(
      "wrong-scope",
      `Credential should be scoped to correct service: '${scope.service}', got '${authorization.service}'.`,
    );
  if (authorization.region !== scope.region)
    return refuse(
      "wrong-scope",
      `Credential should be scoped to a valid region: '${scope.region}', got '${authorization.region}'.`,
    );
  const day = date.toISOString().slice(0, 10).replaceAll("-", "");
  if (authorization.date !== day)
    return refuse(
      "wrong-scope",
      `Date in Credential scope (${authorization.date}) does not match x-amz-date (${day})`,
    );
  if (!authorization.signedHeaders.includes("host"))
    return refuse("malformed", "'Host' must be a 'SignedHeader' in the AWS Authorization");
  if (Math.abs(date.getTime() - scope.wall) <= MAX_SKEW) return undefined;
  return refuse(
    "skewed",
    `Signature expired or not yet valid: ${date.toISOString()} is more than 15 minutes from ${new Date(scope.wall).toISOString()}`,
  );
}

/** The body is signed by its hash: that hash must be the body's. */
function wrongBody({ headers, body }: SignedRequest, { service }: Scope): Verdict | undefined {
  const claimed = headers.get("x-amz-content-sha256");
  if (claimed === undefined) return undefined;
  if (service === "s3" && UNSIGNED.has(claimed)) return undefined;
  if (createHash("sha256").update(body).digest("hex") === claimed) return undefined;
  return refuse(
    "body",
    `The provided 'x-amz-content-sha256' header "${claimed.slice(0, 64)}" does not match what was computed.`,
  );
}
