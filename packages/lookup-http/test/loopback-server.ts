import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingMessage["headers"];
  }[];
}

/** A real HTTP server on 127.0.0.1 that keeps what it was asked, and answers as the test says. */
export const loopbackServer = async (
  answer: (response: ServerResponse, path: string, headers: IncomingMessage["headers"]) => void,
): Promise<LoopbackServer> => {
  const requests: LoopbackServer["requests"][number][] = [];
  const server = createServer(({ method = "", url: path = "", headers }, response) => {
    requests.push({ method, path, headers });
    answer(response, path, headers);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  return {
    url: `http://127.0.0.1:${address.port}`,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
