import type { IncomingMessage } from "node:http";

// What a client may go on sending after its body was found too large, so that it gets to read the answer.
const MAX_DRAINED_BYTES = 32 * 1024 * 1024;

/** The body of a request, or `too_large`: then nothing of it is kept. */
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
