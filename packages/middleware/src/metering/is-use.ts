/**
 * Whether a request counts as usage: the response is a 2xx, and the request is not a HEAD, which routers pass to the GET handler (uptime
 * probes and link previews send them). Redirects and 304s deliver nothing.
 */
export const isUse = (method: string, status: number): boolean =>
  method !== "HEAD" && status >= 200 && status < 300;
