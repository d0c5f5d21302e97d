/** Of the 64 KiB that a browser lets all keepalive bodies of a page carry together (Fetch Standard, "HTTP-network-or-cache fetch"). */
export const KEEPALIVE_BYTES = 60 * 1024;
const KEEPALIVE_REQUESTS = 8;

// Shared by all copies of this package on the page: the browser's budget is one.
const LEDGER: unique symbol = Symbol.for("@meter-lib/keepalive-ledger");
const page: typeof globalThis & { [LEDGER]?: { bytes: number; requests: number } } = globalThis;

/** Takes a part of the page's keepalive budget; the function answered gives it back. Undefined when too little is left. */
export const reserveKeepalive = (bytes: number): (() => void) | undefined => {
  page[LEDGER] ??= { bytes: 0, requests: 0 };
  const ledger = page[LEDGER];
  if (ledger.bytes + bytes > KEEPALIVE_BYTES || ledger.requests >= KEEPALIVE_REQUESTS) return undefined;
  ledger.bytes += bytes;
  ledger.requests++;
  return () => {
    ledger.bytes -= bytes;
    ledger.requests--;
  };
};
