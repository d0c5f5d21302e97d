/**
 * Options of Deno's fetch that give every request a connection of its own; none elsewhere. On a kept connection that turns out to be
 * closed, Deno posts the request again by itself, and a receiver without dedup may count it twice.
 */
export const freshConnections = (): object => {
  const deno: unknown = Reflect.get(globalThis, "Deno");
  if (typeof deno !== "object" || deno === null) return {};
  const createHttpClient: unknown = Reflect.get(deno, "createHttpClient");
  if (typeof createHttpClient !== "function") return {};
  return { client: createHttpClient.call(deno, { poolMaxIdlePerHost: 0 }) };
};
