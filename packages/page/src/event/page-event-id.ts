// One call of `getRandomValues` for many ids: it costs as much for one byte.
const pool = /* @__PURE__ */ new Uint8Array(1_152);
let used = 0;

/** Creates a UUIDv7 (RFC 9562) like core's `createEventId`, with less code. */
export const pageEventId = (now: number): string => {
  const time = now.toString(16).padStart(12, "0");
  let random = "";
  if (used === 0) crypto.getRandomValues(pool);
  for (const byte of pool.subarray(used, used + 9)) random += (byte | 256).toString(16).slice(1);
  used = (used + 9) % pool.length;
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6)}`;
};
