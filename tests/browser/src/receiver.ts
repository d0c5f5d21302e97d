import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Backend } from "./backend.ts";

/** One event as it arrived, again for each time it did. */
export interface Arrival {
  readonly event_id: string;
  /** The event's own part of the body, to be equal each time. */
  readonly text: string;
}

export type RelayMood = "answers" | "is down" | "is silent" | "is cut off" | "refuses";

/** A receiver of the page wire with a raw log. It shares no code with meter-lib. */
export interface Receiver {
  /** Where pages come from. */
  readonly origin: string;
  /** The same server under another name: another origin, another site. */
  readonly otherOrigin: string;
  readonly arrivals: readonly Arrival[];
  mood: RelayMood;
  /** What `/app.js` and `/worker.js` are. */
  scripts: { readonly [path: string]: string };
  /** Resolves with true when each of the ids has arrived, with false after `timeoutMs`. */
  waitFor(ids: readonly string[], timeoutMs: number): Promise<boolean>;
  /** Resolves at the next request that waits for an answer while the relay is silent or down. */
  nextRequest(): Promise<void>;
  /** Ends the requests that it never answers: they go on after their page, and a browser has few connections for each server. */
  hangUp(): void;
  close(): Promise<void>;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>page</title><script src="/app.js"></script>`;

/** @param backend - answers in its place; it still logs what comes, and is silent or down when it is told to be */
export const startReceiver = async (backend?: Backend): Promise<Receiver> => {
  const arrivals: Arrival[] = [];
  const seen = new Set<string>();
  let watchers: (() => void)[] = [];
  const requested: (() => void)[] = [];
  const unanswered = new Set<ServerResponse>();
  const tell = () => {
    for (const watch of watchers) watch();
  };

  const relay = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readText(request);
    for (const resolve of requested.splice(0)) resolve();
    if (receiver.mood === "is silent") {
      unanswered.add(response);
      return;
    }
    const headers = { "access-control-allow-origin": "*", "access-control-expose-headers": "Retry-After" };
    if (receiver.mood === "is cut off") {
      response.destroy();
      return;
    }
    if (receiver.mood === "refuses" || receiver.mood === "is down") {
      const status = receiver.mood === "refuses" ? 401 : 503;
      response.writeHead(status, { ...headers, "retry-after": "1" }).end();
      return;
    }
    const { events } = JSON.parse(body) as { events: { event_id: string }[] };
    if (backend !== undefined) {
      const forwarded = new Request(`http://${request.headers.host}/relay`, {
        method: "POST",
        headers: {
          origin: request.headers.origin ?? "",
          "content-type": request.headers["content-type"] ?? "",
        },
        body,
      });
      const answer = await backend.take(forwarded);
      const text = await answer.text();
      const taken: readonly { readonly event_id: string; readonly state: string }[] =
        answer.status === 200 ? JSON.parse(text).results : [];
      for (const { event_id, state } of taken)
        if (state === "accepted" || state === "duplicate") seen.add(event_id);
      for (const event of events) arrivals.push({ event_id: event.event_id, text: JSON.stringify(event) });
      tell();
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text);
      return;
    }
    const results = events.map((event) => {
      const state = seen.has(event.event_id) ? "duplicate" : "accepted";
      seen.add(event.event_id);
      arrivals.push({ event_id: event.event_id, text: JSON.stringify(event) });
      return { event_id: event.event_id, state };
    });
    tell();
    response
      .writeHead(200, { ...headers, "content-type": "application/json" })
      .end(JSON.stringify({ results }));
  };

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://receiver");
    const script = receiver.scripts[pathname];
    if (request.method === "POST" && pathname === "/relay") {
      relay(request, response).catch(() => response.destroy());
    } else if (request.method === "POST") {
      // Takes the body and never answers: it keeps a keepalive budget used up.
      request.resume();
      unanswered.add(response);
    } else if (script !== undefined) {
      response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" }).end(script);
    } else {
      if (pathname === "/clear") response.setHeader("clear-site-data", '"storage"');
      const html = pathname === "/page" ? PAGE : "<!doctype html><title>other</title>";
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const receiver: Receiver = {
    origin: `http://127.0.0.1:${port}`,
    otherOrigin: `http://localhost:${port}`,
    arrivals,
    mood: "answers",
    scripts: {},
    waitFor: (ids, timeoutMs) =>
      new Promise((resolve) => {
        const done = (all: boolean) => {
          clearTimeout(timer);
          watchers = watchers.filter((watcher) => watcher !== watch);
          resolve(all);
        };
        const watch = () => {
          if (ids.every((id) => seen.has(id))) done(true);
        };
        const timer = setTimeout(() => done(false), timeoutMs);
        watchers.push(watch);
        watch();
      }),
    nextRequest: () => new Promise((resolve) => requested.push(resolve)),
    hangUp: () => {
      for (const response of unanswered) response.destroy();
      unanswered.clear();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
};

const readText = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
};
