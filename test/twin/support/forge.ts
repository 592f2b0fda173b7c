import { deflate, utf8 } from "@plumbline/twin/contract/deflate";
import { sha256 } from "@plumbline/twin/contract/sha256";

const EPOCH = Buffer.from("0123456789abcdef", "hex");

/** A frame with a true checksum around any body: what a hostile or broken sender with a valid certificate could publish. */
export const forgeFrame = (body: Uint8Array): Uint8Array =>
  Uint8Array.from([
    ...utf8("PLF1"),
    ...Buffer.from(sha256(Uint8Array.from([...EPOCH, ...body])).slice(0, 16), "hex"),
    ...EPOCH,
    ...body,
  ]);

/** A forged frame whose body is this JSON text, deflated. */
export const forgeJson = (json: string): Uint8Array => forgeFrame(deflate(utf8(json)));
