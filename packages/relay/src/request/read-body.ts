import type { Clock } from "@meter-lib/core";
import type { BodySlots } from "./body-slots.ts";
import { Refusal } from "./refusal.ts";

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** Timeout for the whole body, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly slots: BodySlots;
}

const PUSHED_OUT = new Refusal(503, "overloaded", "body: it took longest when room was needed for others", {
  retryAfterMs: 1_000,
});
const CHARSET = /^charset\s*=\s*"?([^"\s]*)"?$/i;

/** Reads the body as UTF-8 text. Counts the bytes received; the declared length only allows refusing early. */
export const readBody = async (request: Request, options: ReadBodyOptions): Promise<string | Refusal> => {
  const mistake = mediaTypeMistake(request.headers);
  if (mistake !== undefined) return new Refusal(415, "unsupported_media_type", mistake);
  const tooLarge = new Refusal(413, "body_too_large", `body: expected at most ${options.maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > options.maxBytes) return tooLarge;
  if (request.body === null) return new Refusal(400, "invalid_json", "body: expected JSON, got nothing");

  const reader = request.body.getReader();
  const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<Refusal>();
  const late = new Refusal(408, "body_timeout", `body: expected all of it within ${options.timeoutMs} ms`);
  const cancelTimer = options.clock.schedule(options.timeoutMs, () => giveUp(late), { holdProcess: true });
  const leave = options.slots.enter(() => giveUp(PUSHED_OUT));
  // A body that is given up is not waited for: its sender may never end.
  const refuse = (refusal: Refusal): Refusal => {
    reader.cancel().catch(() => {});
    return refusal;
  };
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const read = await Promise.race([reader.read(), givenUp]);
      if (read instanceof Refusal) return refuse(read);
      if (read.done) break;
      size += read.value.byteLength;
      if (size > options.maxBytes) return refuse(tooLarge);
      chunks.push(read.value);
    }
  } catch {
    return new Refusal(400, "body_failed", "body: the connection was lost before all of it came");
  } finally {
    cancelTimer();
    leave();
  }
  return decode(chunks, size);
};

const mediaTypeMistake = (headers: Headers): string | undefined => {
  const [type = "", ...parameters] = (headers.get("content-type") ?? "")
    .split(";")
    .map((part) => part.trim());
  const essence = type.toLowerCase();
  if (essence !== "text/plain" && essence !== "application/json")
    return "content-type: expected text/plain or application/json";
  for (const parameter of parameters) {
    const charset = CHARSET.exec(parameter)?.[1]?.toLowerCase();
    if (charset !== undefined && charset !== "utf-8" && charset !== "utf8")
      return "content-type: expected the charset utf-8";
  }
  if ((headers.get("content-encoding") ?? "identity").toLowerCase() !== "identity")
    return "content-encoding: expected none";
  return undefined;
};

const decode = (chunks: readonly Uint8Array[], size: number): string | Refusal => {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new Refusal(400, "invalid_utf8", "body: expected UTF-8");
  }
};
