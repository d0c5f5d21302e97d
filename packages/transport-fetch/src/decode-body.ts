import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { HttpBody } from "./http-send.ts";

interface Limits {
  /** Most bytes of the decoded body. */
  readonly maxBytes: number;
  /** Whether more of the body was to come. */
  readonly cut: boolean;
}

const decoder = new TextDecoder();

/**
 * The text of a body that came in the codings of `Content-Encoding` (RFC 9110, 8.4): gzip, deflate, br. A body in one of them that is
 * too long is given up, not read in part. Throws for another coding and for a body that is not in it.
 */
export const decodeBody = (
  body: Uint8Array,
  contentEncoding: string | null,
  { maxBytes, cut }: Limits,
): HttpBody => {
  // The last one named was applied last.
  const codings = (contentEncoding ?? "")
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "" && coding !== "identity")
    .reverse();
  if (codings.length === 0) return { text: decoder.decode(body), whole: !cut };
  if (cut) return { text: "", whole: false };
  let decoded = body;
  for (const coding of codings) {
    const next = decode(decoded, coding, maxBytes);
    if (next === undefined) return { text: "", whole: false };
    decoded = next;
  }
  return { text: decoder.decode(decoded), whole: true };
};

/** Undefined: too long. */
const decode = (body: Uint8Array, coding: string, maxOutputLength: number): Uint8Array | undefined => {
  try {
    return decompressor(coding, body)(body, { maxOutputLength });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") return undefined;
    throw error;
  }
};

const ZLIB_DEFLATE = 8;

const decompressor = (coding: string, body: Uint8Array) => {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return gunzipSync;
    case "br":
      return brotliDecompressSync;
    case "deflate": {
      // Some servers leave out the zlib header that the coding has.
      const first = body[0] ?? 0;
      return (first & 0x0f) === ZLIB_DEFLATE ? inflateSync : inflateRawSync;
    }
    default:
      throw new Error(`the answer came in the coding "${coding}", which was not asked for`);
  }
};
