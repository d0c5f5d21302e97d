import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** What becomes of a broker's answer to a produce request, which it has written by then. */
export type AnswerFate = "pass" | "cut" | "swallow";

/** Between client and broker: knows enough of Kafka's framing to tell which answer is about a write. */
export interface FaultProxy {
  readonly port: number;
  /** The broker's port; set it before the first connection. */
  target: number;
  /** Asked for each answer to a produce request. */
  onWritten: () => AnswerFate;
  /** Connections are ended as soon as they are made. */
  refuses: boolean;
  /** How many answers were cut off or swallowed. */
  readonly faults: number;
  [Symbol.asyncDispose](): Promise<void>;
}

const PRODUCE = 0;
const CORRELATION_IN_REQUEST = 4;

export const faultProxy = async (): Promise<FaultProxy> => {
  const sockets = new Set<Socket>();
  let faults = 0;
  const server = createServer((client) => {
    if (proxy.refuses) {
      client.destroy();
      return;
    }
    const broker = connect(proxy.target, "127.0.0.1");
    const writes = new Set<number>();
    const end = () => {
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) {
      sockets.add(socket);
      socket.on("error", end).on("close", () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on(
      "data",
      eachFrame((frame) => {
        if (frame.readInt16BE(4) === PRODUCE) writes.add(frame.readInt32BE(4 + CORRELATION_IN_REQUEST));
        broker.write(frame);
      }),
    );
    broker.on(
      "data",
      eachFrame((frame) => {
        const fate = writes.delete(frame.readInt32BE(4)) ? proxy.onWritten() : "pass";
        if (fate === "pass") client.write(frame);
        else faults++;
        if (fate === "cut") end();
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const proxy: FaultProxy = {
    port: typeof address === "object" && address !== null ? address.port : 0,
    target: 0,
    refuses: false,
    onWritten: () => "pass",
    get faults() {
      return faults;
    },
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return proxy;
};

/** Kafka's frames: four bytes of length, then as many bytes. */
const eachFrame = (take: (frame: Buffer) => void): ((chunk: Buffer) => void) => {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const size = 4 + rest.readInt32BE(0);
      take(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
  };
};
