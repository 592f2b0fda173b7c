import type { ShadowReported } from "@plumbline/twin/contract/parameter-set";

/** A member that is left out of an update stays in the shadow: what no longer holds is deleted by null. */
export const withNulls = ({
  report,
  nonce,
  highest,
  expired,
  revoked,
}: ShadowReported): Record<string, unknown> => ({
  report: report ?? null,
  nonce: nonce ?? null,
  highest: highest ?? null,
  expired: expired === true ? true : null,
  revoked: revoked === true ? true : null,
});
