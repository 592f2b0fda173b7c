import type { ShadowAddress, ShadowVerb } from "./shadow-service.ts";

const REQUEST =
  /^\$aws\/things\/([a-zA-Z0-9:_-]{1,128})\/shadow\/(?:name\/([$a-zA-Z0-9:_-]{1,64})\/)?(get|update|delete)$/;

/** Is a publication a request to the shadow service? */
export function readShadowTopic(
  topic: string,
): { readonly address: ShadowAddress; readonly verb: ShadowVerb } | undefined {
  const [, thing, name = "", verb] = REQUEST.exec(topic) ?? [];
  if (thing === undefined || verb === undefined) return undefined;
  return { address: { thing, name }, verb: verb as ShadowVerb };
}

export const shadowTopicOf = ({ thing, name }: ShadowAddress, suffix: string): string =>
  `$aws/things/${thing}/shadow/${name === "" ? "" : `name/${name}/`}${suffix}`;
