import type { IncomingMessage } from "node:http";

/**
 * Returns the body of a request as a web stream that reads only on demand. Unlike with `Readable.toWeb`, cancelling it keeps the
 * connection open for the response.
 */
export const incomingBody = (incoming: IncomingMessage): ReadableStream<Uint8Array> => {
  let detach = () => {};
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const onData = (chunk: Uint8Array): void => {
          incoming.pause();
          controller.enqueue(new Uint8Array(chunk));
        };
        const onEnd = (): void => {
          detach();
          controller.close();
        };
        const onLost = (): void => {
          detach();
          controller.error(new TypeError("the connection was lost"));
        };
        detach = () => {
          incoming.off("data", onData).off("end", onEnd).off("close", onLost);
        };
        incoming.on("error", () => {});
        incoming.on("data", onData).on("end", onEnd).on("close", onLost);
        incoming.pause();
      },
      pull: () => {
        incoming.resume();
      },
      cancel: () => {
        detach();
        incoming.pause();
      },
    },
    { highWaterMark: 0 },
  );
};
