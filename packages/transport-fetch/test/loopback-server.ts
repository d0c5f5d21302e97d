import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface LoopbackServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
}

/** A real HTTP server on 127.0.0.1 that keeps what it was sent, and answers as the test says. */
export const loopbackServer = async (
  answer: (response: ServerResponse, request: SeenRequest) => void,
): Promise<LoopbackServer> => {
  const requests: SeenRequest[] = [];
  const onRequest = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "", headers } = incoming;
    const request = { method, path: url, headers, body: await text(incoming) };
    requests.push(request);
    answer(response, request);
  };
  const { url, close } = await listen(
    createServer((incoming, response) => void onRequest(incoming, response)),
  );
  return { url: `http://${url}`, requests, [Symbol.asyncDispose]: close };
};

/** Listens on a free port of 127.0.0.1. */
export const listen = async (server: Server): Promise<{ url: string; close: () => Promise<void> }> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("not listening");
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `127.0.0.1:${address.port}`, close };
};

/** Answers with JSON. */
export const json = (
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};
