import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { HttpBody } from "./http-send.ts";

interface Limits {
  /** Largest size of the decoded body, in bytes. */
  readonly maxBytes: number;
  /** Whether the body was truncated. */
  readonly cut: boolean;
}

const decoder = new TextDecoder();

/**
 * Decodes a body with the codings of its `Content-Encoding` (RFC 9110, 8.4): gzip, deflate or br. A compressed body that is too long is
 * discarded, not read in part.
 *
 * @throws Error for an unknown coding, or a body that is not in its coding
 */
export const decodeBody = (
  body: Uint8Array,
  contentEncoding: string | null,
  { maxBytes, cut }: Limits,
): HttpBody => {
  // Codings are listed in the order they were applied.
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

/** Returns undefined if the decoded body is too long. */
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
      // Some servers omit the zlib header.
      const first = body[0] ?? 0;
      return (first & 0x0f) === ZLIB_DEFLATE ? inflateSync : inflateRawSync;
    }
    default:
      throw new Error(`the response has the content coding "${coding}", expected gzip, deflate or br`);
  }
};
