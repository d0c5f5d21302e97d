import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** Where a connection is cut, in what it sends. */
export const CUTS = ["before a statement", "after a statement", "after COMMIT"] as const;
export type Cut = (typeof CUTS)[number];

export interface CuttingProxy {
  readonly port: number;
  /** How often each was done. */
  readonly cuts: Readonly<Record<Cut, number>>;
  /** Where connections lead from now on. */
  target: number;
  /** Whether connections are cut. */
  isCutting: boolean;
  close(): Promise<void>;
}

/**
 * A way to a server on which connections break: the first one before its first statement, the next one after it, and so on through every
 * statement of a connection's life; every fifth when the answer to a COMMIT is on its way.
 */
export const cuttingProxy = async (target: number): Promise<CuttingProxy> => {
  const cuts: Record<Cut, number> = { "before a statement": 0, "after a statement": 0, "after COMMIT": 0 };
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    const far = connect(proxy.target, "127.0.0.1");
    const number = connections++;
    const cut =
      number % 5 === 4 ? "after COMMIT" : number % 2 === 0 ? "before a statement" : "after a statement";
    // The first messages of a connection are its start.
    let left = 2 + (Math.floor(number / 2) % 60);
    let isDoomed = false;
    const end = (): void => {
      near.destroy();
      far.destroy();
    };
    const broken = (): void => {
      if (isDoomed) return;
      isDoomed = true;
      cuts[cut]++;
    };
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", end);
      socket.on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    near.on("data", (data) => {
      left--;
      if (proxy.isCutting && left <= 0) {
        if (cut === "before a statement") {
          broken();
          end();
          return;
        }
        if (cut === "after a statement" || data.includes("COMMIT")) broken();
      }
      far.write(data);
    });
    far.on("data", (data) => {
      // The server has done it; nobody hears of it.
      if (isDoomed) end();
      else near.write(data);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server on TCP has a port");
  const proxy: CuttingProxy = {
    port: address.port,
    cuts,
    target,
    isCutting: false,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
};
