/** A request made by a dialect. */
export interface HttpRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** UTF-8 */
  readonly body: string | Uint8Array<ArrayBuffer>;
}

/** A response whose headers have arrived. */
export interface HttpResponse {
  /** HTTP status; 0 where the platform hides a redirect that was not followed (browsers). */
  readonly status: number;
  header(name: string): string | null;
  /** Reads the body, up to `maxBytes`. Rejects if the connection breaks. */
  read(maxBytes: number): Promise<HttpBody>;
  /** Discards the rest of the body. */
  discard(): void;
}

export interface HttpBody {
  readonly text: string;
  /** False if the body is longer than `maxBytes`. */
  readonly whole: boolean;
}

/**
 * Posts a request once, without retries or redirects; any status is a response, not an error. Rejects if no response came: with a
 * `NotSentError` if no byte of the request was sent, which includes an abort before that. Implement it to use another HTTP library.
 */
export type HttpSend = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;
