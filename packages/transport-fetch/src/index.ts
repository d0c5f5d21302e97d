export { fetchTransport } from "./fetch-transport.ts";
export type { FetchTransportOptions } from "./fetch-transport-options.ts";
export type { HeaderSource } from "./http/header-source.ts";
export type { HttpBody, HttpRequest, HttpResponse, HttpSend } from "./http/http-send.ts";
export type { KyOptions } from "./http/ky-send.ts";
export { NotSentError } from "./http/not-sent-error.ts";
export type { HttpOptions } from "./http-options.ts";
