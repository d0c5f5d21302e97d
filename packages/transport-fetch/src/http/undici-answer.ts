import type { Dispatcher } from "undici";
import { decodeBody } from "./decode-body.ts";
import type { HttpBody, HttpResponse } from "./http-send.ts";
import { NotSentError } from "./not-sent-error.ts";

/** How much is buffered before the body is read, in bytes. */
const UNREAD_BYTES = 64 * 1024;

/** The response to one request, assembled from undici's callbacks. */
export class UndiciAnswer implements Dispatcher.DispatchHandler, HttpResponse {
  status = 0;

  readonly #signal: AbortSignal;
  readonly #answered: (answer: HttpResponse) => void;
  readonly #failed: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #headers: Readonly<Record<string, string | readonly string[] | undefined>> = {};
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #maxBytes = UNREAD_BYTES;
  #ended = false;
  #error: unknown;
  #reader: PromiseWithResolvers<HttpBody> | undefined;

  /**
   * @param answered - called when the headers have arrived
   * @param failed - called instead if there will be no response; with a `NotSentError` if the request was not sent
   */
  constructor(
    signal: AbortSignal,
    answered: (answer: HttpResponse) => void,
    failed: (error: unknown) => void,
  ) {
    this.#signal = signal;
    this.#answered = answered;
    this.#failed = failed;
    signal.addEventListener("abort", this.#abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Nothing has been written yet.
    if (this.#signal.aborted) controller.abort(this.#reason());
    else this.#controller = controller;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): void {
    if (status < 200) return;
    this.status = status;
    this.#headers = headers;
    this.#answered(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#bytes <= this.#maxBytes) return;
    if (this.#reader === undefined) controller.pause();
    else this.#finish();
  }

  onResponseEnd(): void {
    this.#ended = true;
    this.#finish();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: unknown): void {
    this.#signal.removeEventListener("abort", this.#abort);
    if (this.status === 0) this.#fail(error);
    this.#error = error;
    this.#reader?.reject(error);
  }

  header(name: string): string | null {
    const value = this.#headers[name];
    return typeof value === "string" ? value : (value?.join(", ") ?? null);
  }

  read(maxBytes: number): Promise<HttpBody> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    this.#maxBytes = maxBytes;
    this.#reader = Promise.withResolvers();
    if (this.#ended || this.#bytes > maxBytes) this.#finish();
    else this.#controller?.resume();
    return this.#reader.promise;
  }

  discard(): void {
    if (!this.#ended) this.#controller?.abort(new Error("the rest of the answer is given up"));
  }

  readonly #abort = (): void => {
    const error = this.#reason();
    // undici makes no callback while the request waits for a connection.
    if (this.#controller === undefined) this.#fail(error);
    else this.#controller.abort(error);
  };

  #reason(): Error {
    const { reason } = this.#signal;
    return reason instanceof Error ? reason : new Error("aborted", { cause: reason });
  }

  /** undici passes the controller just before it writes the request, after all proxies and handshakes. */
  #fail(error: unknown): void {
    this.#failed(this.#controller === undefined ? new NotSentError(error) : error);
  }

  /** Resolves the pending read with the body, truncated to the limit. */
  #finish(): void {
    if (this.#ended) this.#signal.removeEventListener("abort", this.#abort);
    if (this.#reader === undefined) return;
    const cut = this.#bytes > this.#maxBytes;
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.#chunks);
    this.#chunks = [];
    try {
      const read = cut ? body.subarray(0, this.#maxBytes) : body;
      this.#reader.resolve(
        decodeBody(read, this.header("content-encoding"), { maxBytes: this.#maxBytes, cut }),
      );
    } catch (error) {
      this.#reader.reject(error);
    }
    if (cut) this.discard();
  }
}
