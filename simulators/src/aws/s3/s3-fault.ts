import type { Answer } from "../http/service.ts";
import { ServiceFault } from "../http/service-fault.ts";
import { xmlDocument } from "./fast-xml.ts";

export const s3Fault = (
  status: number,
  code: string,
  message: string,
  fields: Record<string, unknown> = {},
): ServiceFault => new ServiceFault(status, code, message, fields);

export const noSuchKey = (key: string): ServiceFault =>
  s3Fault(404, "NoSuchKey", "The specified key does not exist.", { Key: key });

export const noSuchBucket = (bucket: string): ServiceFault =>
  s3Fault(404, "NoSuchBucket", "The specified bucket does not exist", { BucketName: bucket });

export const preconditionFailed = (condition: string): ServiceFault =>
  s3Fault(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {
    Condition: condition,
  });

const GENERIC: Readonly<Record<string, string>> = {
  RequestEntityTooLargeException: "EntityTooLarge",
  UnknownOperationException: "NotImplemented",
  InternalFailureException: "InternalError",
};

/** S3 tells its errors in XML. 304 has no body. */
export function s3FaultAnswer({ status, code, message, fields }: ServiceFault, requestId: string): Answer {
  if (status === 304) return { status };
  const Code = GENERIC[code] ?? code;
  const body = xmlDocument("Error", { Code, Message: message, ...fields, RequestId: requestId }, false);
  return {
    status: Code === "NotImplemented" ? 501 : status,
    headers: { "content-type": "application/xml" },
    body,
  };
}
