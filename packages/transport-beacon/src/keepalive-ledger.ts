/** Our share of the 64 KiB that all keepalive bodies of a page may have together (Fetch Standard, "HTTP-network-or-cache fetch"). */
export const KEEPALIVE_BYTES = 60 * 1024;
const KEEPALIVE_REQUESTS = 8;

// Shared by all copies of this package on the page, because the browser has one budget.
const LEDGER: unique symbol = Symbol.for("@meter-lib/keepalive-ledger");
const page: typeof globalThis & { [LEDGER]?: { bytes: number; requests: number } } = globalThis;

/** Reserves part of the page's keepalive budget. Returns a function that releases it, or undefined if too little is left. */
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
