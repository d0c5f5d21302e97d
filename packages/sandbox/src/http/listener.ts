import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { SandboxEnv } from "./sandbox-context.ts";
import { createUrlDoor } from "./url-token.ts";

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

const CLOSED = JSON.stringify({
  error: "token_needed",
  message:
    "URL: expected the sandbox's token as the first part of the path; the sandbox printed it at startup",
});

const answer = (
  outgoing: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body = "",
): void => {
  outgoing.writeHead(status, { "content-type": "application/json", "cache-control": "no-store", ...headers });
  outgoing.end(body);
};

/** Handles each request of the server. With a token, requests without it do not reach the routes. */
export const createListener = (app: Hono<SandboxEnv>, token: string | undefined): Listener => {
  const listener = getRequestListener(app.fetch);
  if (token === undefined) return (incoming, outgoing) => void listener(incoming, outgoing);
  const enter = createUrlDoor(token);
  return (incoming, outgoing) => {
    const entry = enter(incoming.url ?? "");
    if (entry.state === "closed") return answer(outgoing, 401, {}, CLOSED);
    if (entry.state === "redirect") return answer(outgoing, 308, { location: entry.path });
    incoming.url = entry.path;
    void listener(incoming, outgoing);
  };
};
