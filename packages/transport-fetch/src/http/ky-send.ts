import { readText } from "@meter-lib/core/wire";
import type { KyInstance, Options } from "ky";
import { freshConnections } from "./fresh-connections.ts";
import type { HttpResponse, HttpSend } from "./http-send.ts";

/** ky options that the transport sets itself. */
export const OWN_KY_OPTIONS = [
  "method",
  "body",
  "json",
  "fetch",
  "signal",
  "redirect",
  "retry",
  "timeout",
  "totalTimeout",
  "throwHttpErrors",
  "searchParams",
  "prefix",
  "baseUrl",
] as const;

/** ky options that are passed to every request, such as hooks or, on Node, a `dispatcher` for TLS and proxies. */
export type KyOptions = Omit<Options, (typeof OWN_KY_OPTIONS)[number]>;

/** Sends with ky, without its retries and timeout. */
export const kySend = (options: KyOptions, fetch: typeof globalThis.fetch | undefined): HttpSend => {
  let client: Promise<KyInstance> | undefined;
  return async ({ url, headers, body }, signal) => {
    client ??= loadKy(options, fetch);
    return toHttpResponse(await (await client).post(url, { headers, body, signal }));
  };
};

/** Loaded on the first request: ky reads `fetch` on import, which makes Node load it and slows down startup. */
const loadKy = async (
  options: KyOptions,
  fetch: typeof globalThis.fetch | undefined,
): Promise<KyInstance> => {
  const { default: ky } = await import("ky");
  return ky.create({
    ...(fetch === undefined ? freshConnections() : {}),
    ...options,
    ...(fetch === undefined ? {} : { fetch }),
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    redirect: "manual",
  });
};

const toHttpResponse = (response: Response): HttpResponse => ({
  status: response.status,
  header: (name) => response.headers.get(name),
  read: (maxBytes) => readText(response, maxBytes),
  discard: () => {
    if (!response.bodyUsed) response.body?.cancel().catch(() => {});
  },
});
