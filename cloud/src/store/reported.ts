import {
  decodePointer,
  decodeReported,
  type SetPointer,
  type ShadowReported,
} from "@plumbline/twin/contract/parameter-set";
import { TwinError } from "@plumbline/twin/errors";

/** A gateway writes its own shadow: what does not fit the contract counts as nothing said. */
const lenient = <T>(decode: () => T): T | undefined => {
  try {
    return decode();
  } catch (error) {
    if (error instanceof TwinError) return undefined;
    throw error;
  }
};

export const reportedState = (
  shadow: { readonly reported: unknown } | undefined,
): ShadowReported | undefined =>
  shadow?.reported === undefined ? undefined : lenient(() => decodeReported(shadow.reported, "reported"));

export const desiredPointer = (shadow: { readonly desired: unknown } | undefined): SetPointer | undefined =>
  shadow?.desired === undefined ? undefined : lenient(() => decodePointer(shadow.desired, "desired"));
