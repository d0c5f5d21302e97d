/** A response, and a promise for the end of its body. */
export interface WatchedBody {
  /** Return this response instead of the original. */
  readonly response: Response;
  /** Resolves when the body was read completely, was cancelled, or failed. */
  readonly ended: Promise<void>;
}

// So that the end of a body in one chunk is seen without a read.
const READ_AHEAD = { highWaterMark: 2 };

/** Returns the same response with a watched body, which is read at most two chunks ahead of its reader. */
export const watchBody = (response: Response): WatchedBody => {
  if (response.body === null) return { response, ended: Promise.resolve() };
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const reader = response.body.getReader();
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(value);
            return;
          }
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        end();
      },
      cancel: async (reason) => {
        try {
          await reader.cancel(reason);
        } finally {
          end();
        }
      },
    },
    READ_AHEAD,
  );
  return { response: new Response(body, response), ended };
};
