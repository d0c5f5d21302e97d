import type { IncomingMessage, ServerResponse } from "node:http";
import type { Relay } from "../create-relay.ts";
import { containOnError } from "../request/contain.ts";
import { incomingBody } from "./incoming-body.ts";

/** A handler for `http.createServer`, Express (before any body parser), Fastify (with `reply.hijack()`) or any other Node HTTP server. */
export type NodeRelayHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

export interface NodeRelayOptions {
  /**
   * How long a client may go on sending after an early response, in milliseconds, so that it can read the response. Its connection is
   * then closed.
   * @default 1_000
   */
  readonly lingerMs?: number;
  /** Called if the relay rejects, or if the response cannot be written because another handler started one. @default console.error */
  readonly onError?: (error: unknown) => void;
}

const NO_BODY = new Set(["GET", "HEAD"]);

/**
 * Turns a relay into a handler for Node's HTTP server. The handler never rejects.
 *
 * @example
 * ```ts
 * const relay = createRelay({ … });
 * createServer(nodeRelayHandler(relay)).listen(8080);
 * ```
 */
export const nodeRelayHandler = (relay: Relay, options: NodeRelayOptions = {}): NodeRelayHandler => {
  const { lingerMs = 1_000 } = options;
  const onError = containOnError(options.onError);
  return async (incoming, outgoing) => {
    try {
      const response = await answer(relay, incoming).catch((error) => {
        onError(error);
        return failure("internal", "the relay failed");
      });
      await write(response, incoming, outgoing, lingerMs);
    } catch (error) {
      onError(error);
      outgoing.destroy();
    }
  };
};

const write = async (
  response: Response,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  lingerMs: number,
): Promise<void> => {
  const body = await response.text();
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  outgoing.setHeader("content-length", Buffer.byteLength(body));
  if (incoming.complete) {
    outgoing.end(body);
    return;
  }
  // The rest of the request is not needed, but closing the connection at once would reset it and lose the response.
  if (incoming.httpVersionMajor < 2) outgoing.setHeader("connection", "close");
  outgoing.write(body);
  await drained(incoming, lingerMs);
  outgoing.end(() => incoming.destroy());
};

const answer = async (relay: Relay, incoming: IncomingMessage): Promise<Response> => {
  // Another handler has read the body; treating it as empty would blame the page.
  if (incoming.readableDidRead)
    return failure("body_consumed", "the relay must be mounted before body parsers");
  let request: Request;
  try {
    request = toRequest(incoming);
  } catch {
    // Accepted by Node's parser but not by `Request`: `TRACE`, or a header with invalid characters.
    return new Response(JSON.stringify({ error: { code: "invalid_request", message: "not a request" } }), {
      status: 400,
      headers: { "content-type": "application/json" },
    });
  }
  return relay(request);
};

const toRequest = (incoming: IncomingMessage): Request => {
  const { method = "GET" } = incoming;
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const body = NO_BODY.has(method) ? {} : { body: incomingBody(incoming), duplex: "half" as const };
  return new Request(urlOf(incoming), { method, headers, ...body });
};

/** Returns the URL as sent by the client, even below a mount path of Express. */
const urlOf = (incoming: IncomingMessage): URL => {
  const original =
    "originalUrl" in incoming && typeof incoming.originalUrl === "string"
      ? incoming.originalUrl
      : incoming.url;
  const base = `http://${incoming.headers.host ?? "localhost"}`;
  return new URL(original ?? "/", URL.canParse(base) ? base : "http://localhost");
};

const failure = (code: string, message: string): Response =>
  new Response(JSON.stringify({ error: { code, message } }), {
    status: 500,
    headers: { "content-type": "application/json" },
  });

/** Reads and discards the rest of the body, for at most `lingerMs`. */
const drained = (incoming: IncomingMessage, lingerMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, lingerMs);
    incoming.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    incoming.on("error", () => {});
    incoming.resume();
  });
