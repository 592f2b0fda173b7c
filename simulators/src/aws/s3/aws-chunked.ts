export interface Unchunked {
  readonly body: Buffer;
  /** Names in lower case. */
  readonly trailers: ReadonlyMap<string, string>;
}

const CRLF = "\r\n";
const SIZE = /^([0-9a-fA-F]{1,8})(;.*)?$/;

/**
 * Undoes `content-encoding: aws-chunked`: `<size in hex>[;extension]CRLF <bytes>CRLF` … `0CRLF`, then trailers, one a
 * line, then an empty line. `undefined` when the framing is broken or the body ends early.
 */
export function unchunk(framed: Buffer): Unchunked | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = framed.indexOf(CRLF, at);
    const size = end < 0 ? null : SIZE.exec(framed.toString("latin1", at, end));
    if (size === null) return undefined;
    const length = Number.parseInt(size[1] ?? "", 16);
    at = end + CRLF.length;
    if (length === 0)
      return { body: Buffer.concat(parts), trailers: trailersOf(framed.toString("latin1", at)) };
    if (framed.toString("latin1", at + length, at + length + CRLF.length) !== CRLF) return undefined;
    parts.push(framed.subarray(at, at + length));
    at += length + CRLF.length;
  }
}

function trailersOf(text: string): ReadonlyMap<string, string> {
  const trailers = new Map<string, string>();
  for (const line of text.split(CRLF)) {
    const colon = line.indexOf(":");
    if (colon > 0) trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return trailers;
}
