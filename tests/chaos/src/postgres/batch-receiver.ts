import { once } from "node:events";
import { createServer } from "node:http";

export interface BatchReceiver {
  readonly url: string;
  /** How often each event came, by id. */
  readonly arrivals: ReadonlyMap<string, number>;
  /** Every how many answers is lost, after the events were counted. */
  loseEvery: number;
  close(): Promise<void>;
}

/** Counts what comes in: the log that the oracle reads. */
export const batchReceiver = async (): Promise<BatchReceiver> => {
  const arrivals = new Map<string, number>();
  let batches = 0;
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const events: unknown = JSON.parse(text);
    if (!Array.isArray(events)) throw new TypeError("expected a batch");
    for (const event of events) {
      const id = JSON.stringify(event);
      arrivals.set(id, (arrivals.get(id) ?? 0) + 1);
    }
    if (++batches % receiver.loseEvery === 0) request.socket.destroy();
    else response.end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a server on TCP has a port");
  const receiver: BatchReceiver = {
    url: `http://127.0.0.1:${address.port}`,
    arrivals,
    loseEvery: Number.POSITIVE_INFINITY,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return receiver;
};
