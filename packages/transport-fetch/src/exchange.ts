import type { HttpBody, HttpRequest, HttpResponse, HttpSend } from "./http-send.ts";
import { NotSentError } from "./not-sent-error.ts";

/** The receiver's answer, as much of it as came in time. */
export interface HttpAnswer {
  /** 0 for a redirect that the platform hides. */
  readonly status: number;
  header(name: string): string | null;
  readonly text: string;
  /** Why the text is not whole; undefined when it is. */
  readonly cut?: "too_long" | "broken" | "timeout" | undefined;
}

/** No answer. */
export interface HttpFailure {
  /** A `NotSentError` where the sender knows that it did not begin. */
  readonly error: unknown;
  /** Nobody waited any longer. */
  readonly timeout: boolean;
}

export interface ExchangeLimits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
}

/**
 * Sends a request and reads its answer. Never rejects, and settles as soon as the signal aborts or the time is over,
 * also when the sender ignores its signal, throws synchronously, or the body never ends.
 */
export const exchange = (
  send: HttpSend,
  request: HttpRequest,
  { signal, timeoutMs, maxAnswerBytes }: ExchangeLimits,
): Promise<HttpAnswer | HttpFailure> =>
  // One promise with callbacks: racing promises against each other cost more than the rest of the work.
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
      // A sender that had not begun says so at once; nobody waits for one that ignores its signal.
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

    let timer = setTimeout(() => giveUp(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
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
