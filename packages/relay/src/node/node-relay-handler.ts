import type { IncomingMessage, ServerResponse } from "node:http";
import { containOnError } from "../contain.ts";
import type { Relay } from "../create-relay.ts";
import { incomingBody } from "./incoming-body.ts";

/** For `http.createServer`, Express (before any body parser), Fastify (with `reply.hijack()`) and whatever else speaks Node's HTTP. */
export type NodeRelayHandler = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

export interface NodeRelayOptions {
  /**
   * How long a client whose request was answered before all of it came may go on sending, so that it gets to read the answer, in
   * milliseconds. Then its connection is cut.
   * @default 1_000
   */
  readonly lingerMs?: number;
  /** Told when the relay rejects, or the answer cannot be written: somebody else has begun one. @default console.error */
  readonly onError?: (error: unknown) => void;
}

const NO_BODY = new Set(["GET", "HEAD"]);

/** The relay as a handler of Node's HTTP server. It never rejects. */
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
  // What is left of the request is not worth a connection. But closing it at once would reset it, and the answer with it.
  if (incoming.httpVersionMajor < 2) outgoing.setHeader("connection", "close");
  outgoing.write(body);
  await drained(incoming, lingerMs);
  outgoing.end(() => incoming.destroy());
};

const answer = async (relay: Relay, incoming: IncomingMessage): Promise<Response> => {
  // Somebody else read the body; an empty one would be answered as the page's mistake.
  if (incoming.readableDidRead)
    return failure("body_consumed", "the relay must be mounted before body parsers");
  let request: Request;
  try {
    request = toRequest(incoming);
  } catch {
    // What Node's parser lets through and `Request` does not: `TRACE`, a header that is no text.
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

/** The URL as the client wrote it, also below a mount path of Express. */
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

/** Reads on and throws away, until the end or for so long at most. */
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
