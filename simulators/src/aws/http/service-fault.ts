import { TwinError } from "@plumbline/twin/errors";

const HINT = "docs/cloud-in-a-box.md lists what the box emulates and its limits";

/**
 * An error of an AWS service, on its way to the caller: `code` is the exception's name on the wire.
 * `fields` are further members of the error body (`resourceId`, `resourceArn`, …).
 */
export class ServiceFault extends TwinError {
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(status: number, code: string, message: string, fields: Readonly<Record<string, unknown>> = {}) {
    super(code, message, HINT, { retry: status >= 500 || status === 429 ? "later" : "never" });
    this.name = "ServiceFault";
    this.status = status;
    this.fields = fields;
  }
}
