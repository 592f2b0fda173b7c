import { XMLBuilder, XMLParser } from "fast-xml-parser";

const builder = new XMLBuilder({ format: false, ignoreAttributes: false, suppressEmptyNode: true });
const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false });

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";

/** An S3 document: one root element; a list becomes as many elements of its name, an absent member none. */
export function xmlDocument(
  root: string,
  members: Readonly<Record<string, unknown>>,
  namespace = true,
): string {
  const attributes = namespace ? { "@_xmlns": NAMESPACE } : {};
  const present = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: { ...attributes, ...present } })}`;
}

/** A request's XML as plain objects; `undefined` when it is not XML. */
export function parseXml(text: string): Record<string, unknown> | undefined {
  try {
    const found: unknown = parser.parse(text, true);
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
