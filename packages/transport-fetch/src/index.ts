export { fetchTransport } from "./fetch-transport.ts";
export type { FetchTransportOptions } from "./fetch-transport-options.ts";
export type { HeaderSource } from "./header-source.ts";
export type { HttpOptions } from "./http-options.ts";
export type { HttpBody, HttpRequest, HttpResponse, HttpSend } from "./http-send.ts";
export type { KyOptions } from "./ky-send.ts";
export { NotSentError } from "./not-sent-error.ts";
