/** Finds the customer who pays for a tenant. One method; it must not throw for what happens on the way. */
export interface CustomerLookup {
  lookup(tenant_id: string, context: { readonly signal: AbortSignal }): Promise<LookupAnswer>;
  /** The customer, where it is known without waiting: a page that closes has no time to ask. */
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

/** The lookup did not work; the tenant may have a customer. */
export interface LookupFailed {
  readonly state: "failed";
  /** In words, for people. */
  readonly reason: string;
  readonly status?: number | undefined;
  readonly body?: unknown;
  readonly timeout?: boolean | undefined;
  /** The lookup refused the credentials (401, 403): nobody's customer is to be had until somebody acts. */
  readonly credentials?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}
