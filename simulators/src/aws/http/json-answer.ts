import type { Answer } from "./service.ts";
import type { ServiceFault } from "./service-fault.ts";

/** Absent members (`undefined`) are left out, as AWS leaves them out. */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

/** rest-json: the name in a header, the members in the body. */
export const restJsonFault = (fault: ServiceFault): Answer => ({
  status: fault.status,
  headers: { "content-type": "application/json", "x-amzn-errortype": fault.code },
  body: JSON.stringify({ message: fault.message, ...fault.fields }),
});

/** JSON 1.1: the name in the body. */
export const jsonRpcFault = (fault: ServiceFault): Answer => ({
  status: fault.status,
  headers: { "content-type": "application/x-amz-json-1.1" },
  body: JSON.stringify({ __type: fault.code, message: fault.message, ...fault.fields }),
});

/** AWS's JSON has no NaN and no infinities: words stand for them. */
export const wireDouble = (value: number): number | string =>
  Number.isFinite(value) ? value : String(value);

/** AWS's JSON protocols write a time as seconds since the epoch, with a fraction. */
export const wireSeconds = (ms: number): number => Math.round(ms) / 1_000;
