import type { HttpBody, HttpRequest, HttpResponse, HttpSend } from "./http-send.ts";
import { NotSentError } from "./not-sent-error.ts";

/** The receiver's response, possibly truncated. */
export interface HttpAnswer {
  /** HTTP status; 0 for a redirect that the platform hides. */
  readonly status: number;
  header(name: string): string | null;
  readonly text: string;
  /** Why the text is incomplete; undefined if it is complete. */
  readonly cut?: "too_long" | "broken" | "timeout" | undefined;
}

/** A request without a response. */
export interface HttpFailure {
  /** A `NotSentError` if the sender knows that no byte was sent. */
  readonly error: unknown;
  /** Whether the wait ended before a response. */
  readonly timeout: boolean;
}

export interface ExchangeLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/**
 * Sends a request and reads its response. Settles on abort or timeout, even if the sender ignores its signal, throws synchronously,
 * or the body never ends. Never rejects.
 */
export const exchange = (
  send: HttpSend,
  request: HttpRequest,
  { signal, timeoutMs, maxAnswerBytes }: ExchangeLimits,
): Promise<HttpAnswer | HttpFailure> =>
  // One promise with callbacks: Promise.race cost more than all the other work.
  new Promise((resolve) => {
    const controller = new AbortController();
    let response: HttpResponse | undefined;
    let isOver = false;

    const end = (answer: HttpAnswer | HttpFailure): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      resolve(answer);
    };
    const late = (reason: unknown): HttpAnswer | HttpFailure =>
      response === undefined ? { error: reason, timeout: true } : answerOf(response, "", "timeout");
    const giveUp = (reason: unknown): void => {
      if (response !== undefined) end(late(reason));
      controller.abort(reason);
      response?.discard();
      // A sender that has sent nothing rejects at once. One that ignores its signal is not waited for.
      clearTimeout(timer);
      if (!isOver) timer = setTimeout(() => end(late(reason)), 0);
    };
    const abort = (): void => giveUp(signal.reason);
    const read = (head: HttpResponse): void => {
      if (isOver) {
        head.discard();
        return;
      }
      response = head;
      start(() => head.read(maxAnswerBytes)).then(
        ({ text, whole }: HttpBody) => end(answerOf(head, text, whole ? undefined : "too_long")),
        () => end(answerOf(head, "", "broken")),
      );
    };

    let timer = setTimeout(() => giveUp(new Error(`no response within ${timeoutMs} ms`)), timeoutMs);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) end({ error: new NotSentError(signal.reason), timeout: true });
    else
      start(() => send(request, controller.signal)).then(read, (error) =>
        end({ error, timeout: controller.signal.aborted }),
      );
  });

const answerOf = (response: HttpResponse, text: string, cut: HttpAnswer["cut"]): HttpAnswer => ({
  status: response.status,
  header: (name) => response.header(name),
  text,
  cut,
});

const start = <Value>(action: () => Promise<Value>): Promise<Value> => {
  try {
    return Promise.resolve(action());
  } catch (error) {
    return Promise.reject(error);
  }
};
