/** How the SDK clients are made; credentials come from the SDK's own chain. */
export interface ClientOptions {
  readonly region: string;
  /** One endpoint for all services (the cloud in a box); undefined: AWS's own, or what AWS_ENDPOINT_URL… tells the SDK. */
  readonly endpoint?: string;
  /** An endpoint of one's own has no host name per bucket: then the bucket goes into the path. */
  readonly pathStyle?: boolean;
  /** SiteWise's clients prepend "data." or "api." to the host, also to an endpoint of one's own, unless told not to. */
  readonly disableHostPrefix?: boolean;
}

/** An answer that takes longer is none: the SDK waits for ever by default, and a queue would stand still with it. ms. */
const CONNECT_WITHIN = 5_000;
const ANSWER_WITHIN = 30_000;

interface SharedConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly requestHandler: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: boolean;
  };
}

/** What every client is given; retries beyond the SDK's own are ours, per entry. */
export const clientConfig = ({ region, endpoint }: ClientOptions): SharedConfig => ({
  region,
  requestHandler: {
    connectionTimeout: CONNECT_WITHIN,
    requestTimeout: ANSWER_WITHIN,
    throwOnRequestTimeout: true,
  },
  ...(endpoint === undefined ? {} : { endpoint }),
});
