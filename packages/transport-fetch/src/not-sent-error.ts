export const NOT_SENT = "NotSentError";

/**
 * What an `HttpSend` rejects with when it knows that not a byte of the request has left, so that nothing can have been counted. The
 * cause says why.
 */
export class NotSentError extends Error {
  override readonly name = NOT_SENT;

  constructor(cause: unknown) {
    super("the request was not sent", { cause });
  }
}
