import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ScriptedReply extends Reply {
  readonly keeps?: boolean;
}

/** A real HTTP server on 127.0.0.1 that keeps what it was sent, and answers as the test says. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
  /** The next requests are answered so, and nothing of them is taken unless it says so. */
  next(...replies: readonly ScriptedReply[]): void;
  /** From now on it takes requests and never answers. */
  fallSilent(): void;
  close(): Promise<void>;
}

/** @param take - takes a request and answers, unless the test says another answer */
export const startReceiver = async (take: (received: Received) => Reply): Promise<Receiver> => {
  const received: Received[] = [];
  const scripted: ScriptedReply[] = [];
  let silent = false;
  const server = createServer(async (incoming, outgoing) => {
    const { method = "", url: path = "", headers } = incoming;
    const seen = { method, path, headers, body: await text(incoming) };
    received.push(seen);
    if (silent) return;
    const said = scripted.shift();
    if (said?.keeps) take(seen);
    const reply = said ?? take(seen);
    outgoing.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    outgoing.end(reply.body === undefined ? undefined : JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${address.port}`,
    received,
    next: (...replies) => scripted.push(...replies),
    fallSilent: () => {
      silent = true;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
