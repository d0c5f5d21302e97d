/** Largest batch of a page, in events and bytes: small enough for a keepalive request. */
export const PAGE_BATCH = { maxEvents: 50, maxBytes: 48 * 1024 };
