import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Dialect, ReceivedRequest } from "../store/received-request.ts";
import { decodeUtf8 } from "../wire/parse-json.ts";
import { type Refusal, refuse } from "../wire/refusal.ts";
import { readBody } from "./read-body.ts";
import type { SandboxContext } from "./sandbox-context.ts";

/** A request with its body as text, or why the body could not be read. */
export interface Received {
  readonly request: ReceivedRequest;
  readonly headers: IncomingHttpHeaders;
  /** Empty if there is none. */
  readonly text: string;
  readonly refusal?: Refusal;
}

const SECRET_HEADERS = ["authorization", "proxy-authorization", "x-api-key", "cookie"];

const headersText = (headers: IncomingHttpHeaders): string => {
  const shown = { ...headers };
  for (const name of SECRET_HEADERS) if (shown[name] !== undefined) shown[name] = "[hidden]";
  return JSON.stringify(shown);
};

/** The request as logged: credentials are masked, the rest is as received. */
export const describeRequest = (
  incoming: IncomingMessage,
  dialect: Dialect,
  receivedAt: number,
  body?: string,
): ReceivedRequest => ({
  receivedAt,
  dialect,
  method: incoming.method ?? "",
  path: incoming.url ?? "",
  headers: headersText(incoming.headers),
  body,
});

/** Reads a posted request. Its time of arrival is that of its last byte. */
export const receive = async (
  incoming: IncomingMessage,
  dialect: Dialect,
  { maxBodyBytes, now }: SandboxContext,
): Promise<Received> => {
  const { headers } = incoming;
  const bytes = await readBody(incoming, maxBodyBytes);
  if (bytes === "too_large") {
    const request = describeRequest(incoming, dialect, now());
    return {
      request,
      headers,
      text: "",
      refusal: refuse(413, `The body is larger than ${maxBodyBytes} bytes`),
    };
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    const request = describeRequest(incoming, dialect, now(), Buffer.from(bytes).toString("latin1"));
    return {
      request,
      headers,
      text: "",
      refusal: refuse(400, "The body is not UTF-8 (compressed bodies are not supported)"),
    };
  }
  return { request: describeRequest(incoming, dialect, now(), text), headers, text };
};
