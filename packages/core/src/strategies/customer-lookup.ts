/** Finds the customer who pays for a tenant. `lookup` must not throw for expected failures; it returns a state instead. */
export interface CustomerLookup {
  lookup(tenant_id: string, context: { readonly signal: AbortSignal }): Promise<LookupAnswer>;
  /** Returns the customer if it is known without waiting: a page that closes has no time to look it up. */
  lookupNow?(tenant_id: string): string | undefined;
  [Symbol.asyncDispose]?(): PromiseLike<void>;
}

export type LookupAnswer = CustomerFound | CustomerUnknown | LookupFailed;

export interface CustomerFound {
  readonly state: "found";
  readonly customer_id: string;
}

/** The lookup worked; the tenant has no customer. */
export interface CustomerUnknown {
  readonly state: "unknown";
  readonly reason?: string | undefined;
}

/** The lookup failed; the tenant may have a customer. */
export interface LookupFailed {
  readonly state: "failed";
  /** For people to read. */
  readonly reason: string;
  readonly status?: number | undefined;
  readonly body?: unknown;
  readonly timeout?: boolean | undefined;
  /** The lookup's credentials are refused (401, 403): no customer can be found until somebody acts. */
  readonly credentials?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}
