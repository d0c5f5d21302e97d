import type { IncomingMessage } from "node:http";

// How much a client may continue to send after its body was found too large, so that it reads the response.
const MAX_DRAINED_BYTES = 32 * 1024 * 1024;

/** Reads the body of a request, or returns `too_large` and keeps nothing of it. */
export const readBody = async (
  incoming: IncomingMessage,
  maxBytes: number,
): Promise<Uint8Array | "too_large"> => {
  let chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > MAX_DRAINED_BYTES) break;
    if (size > maxBytes) chunks = [];
    else chunks.push(chunk);
  }
  if (size > maxBytes) return "too_large";
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
};
