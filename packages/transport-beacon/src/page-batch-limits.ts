/** Most events and bytes of one batch of a page: small enough to leave with it. */
export const PAGE_BATCH = { maxEvents: 50, maxBytes: 48 * 1024 };
