/**
 * Whether a request is use, to be metered: it was answered with a 2xx, and asked for more than the head. A HEAD goes to the handler of GET
 * in every router (uptime probes and link previews send them); a redirect or a 304 hands out nothing.
 */
export const isUse = (method: string, status: number): boolean =>
  method !== "HEAD" && status >= 200 && status < 300;
