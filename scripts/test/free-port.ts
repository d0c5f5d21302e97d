import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

const HOST = "127.0.0.1";
/** Below the ports that a system hands out itself, to connections too: Linux from 32768 on, others from 49152 on. */
const FIRST = 12_000;
const PAIRS = 9_000;

/**
 * A port of 127.0.0.1 for a program that must be told its port. It is this process's until it ends: the program may start late, end and
 * start again, and meanwhile no connection and no other caller gets the port.
 */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = FIRST + 2 * randomInt(PAIRS);
    // Whoever listens on the odd port owns the even one; the system gives it back when the process ends.
    const claim = await listenOn(port + 1);
    const probe = claim && (await listenOn(port));
    if (probe !== undefined) {
      probe.close();
      await once(probe, "close");
      claim?.unref();
      return port;
    }
    claim?.close();
  }
};

/** Undefined when the port is taken. */
const listenOn = async (port: number): Promise<Server | undefined> => {
  const server = createServer((socket) => socket.destroy()).listen(port, HOST);
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    // Windows keeps ports for itself, too: EACCES.
    if (error instanceof Error && "code" in error && /^(EADDRINUSE|EACCES)$/.test(String(error.code)))
      return undefined;
    throw error;
  }
};
