import type { HttpRequest, HttpResponse, HttpSend } from "./http-send.ts";

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
export const exchange = async (
  send: HttpSend,
  request: HttpRequest,
  { signal, timeoutMs, maxAnswerBytes }: ExchangeLimits,
): Promise<HttpAnswer | HttpFailure> => {
  const controller = new AbortController();
  const over = new Promise<"over">((resolve) => {
    controller.signal.addEventListener("abort", () => resolve("over"), { once: true });
  });
  const abort = () => controller.abort(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  const timer = setTimeout(() => controller.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);

  try {
    const sending = start(() => send(request, controller.signal));
    const response = await Promise.race([sending, over]);
    if (response === "over") {
      void sending.then((late) => ("error" in late ? undefined : late.discard()));
      return { error: controller.signal.reason, timeout: true };
    }
    if ("error" in response) return { error: response.error, timeout: controller.signal.aborted };

    const body = await Promise.race([start(() => response.read(maxAnswerBytes)), over]);
    const head = { status: response.status, header: (name: string) => response.header(name) };
    if (body === "over") {
      response.discard();
      return { ...head, text: "", cut: "timeout" };
    }
    if ("error" in body) return { ...head, text: "", cut: controller.signal.aborted ? "timeout" : "broken" };
    return { ...head, text: body.text, cut: body.whole ? undefined : "too_long" };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
};

const start = async <T extends HttpResponse | { text: string; whole: boolean }>(
  action: () => Promise<T>,
): Promise<T | { readonly error: unknown }> => {
  try {
    return await action();
  } catch (error) {
    return { error };
  }
};
