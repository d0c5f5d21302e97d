import type { Server } from "node:http";
import type { TestApp } from "./request-metering-suite.ts";

/** An application that listens on a free port of 127.0.0.1. */
export const listening = async (server: Server): Promise<TestApp & { readonly url: string }> => {
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    request: async (path, headers, method = "POST") => {
      const response = await fetch(url + path, { method, headers });
      await response.text();
      return response;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
};
