/**
 * Returns options that make Deno's fetch open a connection for each request; empty elsewhere. When a kept-alive connection turns out
 * to be closed, Deno repeats a POST by itself, and a receiver without dedup would count it twice.
 */
export const freshConnections = (): object => {
  const deno: unknown = Reflect.get(globalThis, "Deno");
  if (typeof deno !== "object" || deno === null) return {};
  const createHttpClient: unknown = Reflect.get(deno, "createHttpClient");
  if (typeof createHttpClient !== "function") return {};
  return { client: createHttpClient.call(deno, { poolMaxIdlePerHost: 0 }) };
};
