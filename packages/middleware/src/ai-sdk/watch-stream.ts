import type { LanguageModelMiddleware } from "ai";
import type { EndCall } from "./model-call-meter.ts";

type WrapStream = NonNullable<LanguageModelMiddleware["wrapStream"]>;
export type PartStream = Awaited<ReturnType<WrapStream>>["stream"];
export type StreamPart = PartStream extends ReadableStream<infer Part> ? Part : never;

export interface WatchOptions {
  /** Called when the stream ends. */
  readonly end: EndCall;
  /** The caller's `abortSignal`. */
  readonly signal: AbortSignal | undefined;
  readonly readToEnd: boolean;
}

/** Whether the finish reason reports a failure. */
export const isFailure = ({
  finishReason,
}: {
  readonly finishReason: { readonly unified: string };
}): boolean => finishReason.unified === "error" || finishReason.unified === "interrupted";

/** Returns a stream of the same parts. It is read only as fast as its reader reads; with `readToEnd`, also without a reader. */
export const watchStream = (stream: PartStream, { end, signal, readToEnd }: WatchOptions): PartStream => {
  const reader = stream.getReader();
  // After an abort there is nothing left to read.
  const onAbort = () => end("aborted");
  const over: EndCall = (outcome, usage) => {
    signal?.removeEventListener("abort", onAbort);
    end(outcome, usage);
  };
  if (signal?.aborted) end("aborted");
  else signal?.addEventListener("abort", onAbort, { once: true });

  let cancelled = false;
  /** Passes on the next part. Resolves to false at the end. */
  const handOn = async (controller: ReadableStreamDefaultController<StreamPart>): Promise<boolean> => {
    try {
      const { done, value } = await reader.read();
      if (done) over("failed");
      else if (value.type === "finish") over(isFailure(value) ? "failed" : "answered", value.usage);
      if (!cancelled) {
        if (done) controller.close();
        else controller.enqueue(value);
      }
      return !done;
    } catch (error) {
      over(signal?.aborted ? "aborted" : "failed");
      if (!cancelled) controller.error(error);
      return false;
    }
  };

  if (readToEnd) {
    return new ReadableStream<StreamPart>({
      start: (controller) => void readAll(() => handOn(controller)),
      cancel: () => {
        cancelled = true;
      },
    });
  }
  return new ReadableStream<StreamPart>(
    {
      pull: async (controller) => void (await handOn(controller)),
      cancel: (reason) => {
        cancelled = true;
        over(signal?.aborted ? "aborted" : "cancelled");
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
};

const readAll = async (readNext: () => Promise<boolean>): Promise<void> => {
  while (await readNext()) {
    // Everything read so far has been passed on.
  }
};
