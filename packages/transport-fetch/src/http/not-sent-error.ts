export const NOT_SENT = "NotSentError";

/**
 * Rejection of an `HttpSend` when no byte of the request was sent, so that nothing was counted and sending again is safe. `cause` holds
 * the reason.
 */
export class NotSentError extends Error {
  override readonly name = NOT_SENT;

  constructor(cause: unknown) {
    super("the request was not sent", { cause });
  }
}
