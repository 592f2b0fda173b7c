import type { ServiceFault } from "./service-fault.ts";

/** One request, signature already verified. Nothing in it has been validated beyond size and depth. */
export interface Call {
  readonly method: string;
  /** As on the wire: percent-encoded, without the query. */
  readonly path: string;
  readonly query: ReadonlyMap<string, readonly string[]>;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** The `{labels}` of the operation's path, decoded. */
  readonly labels: Readonly<Record<string, string>>;
  readonly requestId: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/**
 * One operation as AWS's model states it. `path` may hold `{Label}`, a greedy `{Label+}` and a fixed query
 * (`/{Bucket}?list-type=2`); for the JSON protocols `target` is the whole `x-amz-target`.
 */
export interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly target?: string;
  /** SiteWise only: the label AWS puts before the host. */
  readonly hostPrefix?: string;
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

export interface Service {
  /** The service's name in the SigV4 scope. */
  readonly signingName: string;
  readonly operations: readonly Operation[];
  readonly maxBodyBytes: number;
  /** S3 signs the path as it stands, all others encode it twice. */
  readonly escapesPath: boolean;
  /** A fault in the service's own framing. */
  readonly fault: (fault: ServiceFault, requestId: string) => Answer;
}
