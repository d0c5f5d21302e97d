import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";

export interface LoopbackServer {
  readonly url: string;
  /** Closes all connections and stops the server. */
  close(): Promise<void>;
}

/** Starts an HTTP server on a free loopback port. */
export const loopbackServer = async (listener: RequestListener): Promise<LoopbackServer> => {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
