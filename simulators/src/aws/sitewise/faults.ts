import { ServiceFault } from "../http/service-fault.ts";

export const invalidRequest = (message: string): ServiceFault =>
  new ServiceFault(400, "InvalidRequestException", message);

export const notFound = (message: string): ServiceFault =>
  new ServiceFault(404, "ResourceNotFoundException", message);

export const conflicting = (message: string, resourceId: string, resourceArn: string): ServiceFault =>
  new ServiceFault(409, "ConflictingOperationException", message, { resourceId, resourceArn });

export const alreadyExists = (message: string, resourceId: string, resourceArn: string): ServiceFault =>
  new ServiceFault(409, "ResourceAlreadyExistsException", message, { resourceId, resourceArn });

/** 410, and the SDK takes the name for throttling: it tries three times. */
export const limitExceeded = (message: string): ServiceFault =>
  new ServiceFault(410, "LimitExceededException", message);

export const throttled = (message: string): ServiceFault =>
  new ServiceFault(429, "ThrottlingException", message);
