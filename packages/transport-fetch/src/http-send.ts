/** One request of a dialect. */
export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer whose head has arrived. */
export interface HttpResponse {
  /** 0 where the platform hides a redirect that was not followed (browsers). */
  readonly status: number;
  header(name: string): string | null;
  /** Reads the body, at most so many bytes of it. Rejects when the connection breaks before the end. */
  read(maxBytes: number): Promise<HttpBody>;
  /** Gives up what was not read. */
  discard(): void;
}

export interface HttpBody {
  readonly text: string;
  /** False when there was more than `maxBytes`. */
  readonly whole: boolean;
}

/**
 * Posts one request once: no retry, no redirect followed, no status turned into an error. Rejects when no answer came; with a
 * `NotSentError` when it knows that not a byte of the request left, also when the signal aborts before that.
 * The seam between the dialects and the HTTP library.
 */
export type HttpSend = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;
