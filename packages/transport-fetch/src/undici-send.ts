import { Agent, type Dispatcher } from "undici";
import type { HttpBody, HttpResponse, HttpSend } from "./http-send.ts";

export interface UndiciSendOptions {
  /** Most connections to the receiver. @default 64 */
  readonly connections?: number;
  /** Anything else of undici's `Agent`: TLS, timeouts, interceptors. */
  readonly agent?: Omit<Agent.Options, "connections">;
}

/**
 * Sends with undici on Node, without the layers of `fetch`: three times as many requests a second. For the option `send` of
 * `fetchTransport` where one event is one request.
 */
export const undiciSend = ({ connections = 64, agent = {} }: UndiciSendOptions = {}): HttpSend => {
  const dispatcher = new Agent({ ...agent, connections });
  return async ({ url, headers, body }, signal) => {
    const { origin, pathname } = new URL(url);
    return toHttpResponse(
      await dispatcher.request({ origin, path: pathname, method: "POST", headers, body, signal }),
    );
  };
};

// A body that is given up ends with an error that nobody needs to hear.
const ignore = () => {};

const toHttpResponse = ({ statusCode, headers, body }: Dispatcher.ResponseData): HttpResponse => ({
  status: statusCode,
  header: (name) => {
    const value = headers[name];
    return typeof value === "string" ? value : (value?.join(", ") ?? null);
  },
  read: (maxBytes) => readBody(body, maxBytes),
  discard: () => body.on("error", ignore).destroy(),
});

const readBody = async (body: Dispatcher.ResponseData["body"], maxBytes: number): Promise<HttpBody> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const part: Uint8Array = chunk;
    bytes += part.byteLength;
    if (bytes > maxBytes) {
      chunks.push(part.subarray(0, part.byteLength - (bytes - maxBytes)));
      return { text: decode(chunks), whole: false };
    }
    chunks.push(part);
  }
  return { text: decode(chunks), whole: true };
};

const decoder = new TextDecoder();

const decode = (chunks: readonly Uint8Array[]): string => {
  const [only] = chunks;
  if (only === undefined) return "";
  return chunks.length === 1 ? decoder.decode(only) : decoder.decode(Buffer.concat(chunks));
};
