import type { EventRecord } from "../event/event-record.ts";
import type { Clock } from "../strategies/clock.ts";
import type { CustomerLookup, LookupAnswer } from "../strategies/customer-lookup.ts";
import { backoffMs, type Random, retryAfterFloorMs } from "./backoff.ts";
import { lookUp, lookUpNow } from "./look-up.ts";

export interface CustomerDirectoryOptions {
  readonly lookup: CustomerLookup;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly retryCapMs: number;
  /** The event's customer is known: it may be sent. */
  readonly ready: (event: EventRecord) => void;
  /** The event cannot be sent before its tenant's customer is known: it leaves memory, not the outbox. */
  readonly setAside: (event: EventRecord) => void;
  /** A tenant's events wait because its customer is not known, and do no more. */
  readonly parked: (parking: Parking) => void;
  readonly unparked: (tenant_id: string) => void;
  /** Something may be ready to be sent. */
  readonly wake: () => void;
}

/** Why a tenant's events wait. */
export interface Parking {
  readonly tenant_id: string;
  /** `unknown`: the lookup worked and found no customer; `failed`: it did not work. */
  readonly cause: "unknown" | "failed";
  readonly reason: string;
  readonly since: number;
  readonly retryAt: number;
  /** Events set aside since then by this process. */
  readonly events: number;
}

interface Tenant {
  readonly tenant_id: string;
  customer_id: string;
  knownUntil: number;
  waiting: EventRecord[];
  asking: boolean;
  failures: number;
  parking: Parking | undefined;
  cancelRetry: (() => void) | undefined;
}

const KNOWN_MS = 5 * 60_000;
const MAX_LOOKUPS = 16;
const MAX_KNOWN_TENANTS = 20_000;
const UNKNOWN_BASE_FAILURES = 5;

/**
 * Knows each tenant's customer, asks for those it does not know, and parks their events meanwhile: one tenant's lookup never
 * holds up another's events.
 */
export class CustomerDirectory {
  readonly #options: CustomerDirectoryOptions;
  readonly #tenants = new Map<string, Tenant>();
  readonly #queue: Tenant[] = [];
  readonly #abort = new AbortController();
  #asking = 0;

  constructor(options: CustomerDirectoryOptions) {
    this.#options = options;
  }

  /** Gives the event its customer if that is known without waiting; answers whether it has one. */
  resolveNow(event: EventRecord): boolean {
    if (event.customer_id === "") event.customer_id = this.#known(event.tenant_id);
    return event.customer_id !== "";
  }

  /** Gives the event its customer and passes it on, now or when the customer is known. */
  admit(event: EventRecord): void {
    if (this.resolveNow(event)) {
      this.#options.ready(event);
      return;
    }
    const tenant = this.#tenant(event.tenant_id);
    if (tenant.parking !== undefined) {
      this.#setAside(tenant, [event]);
      return;
    }
    tenant.waiting.push(event);
    this.#ask(tenant);
  }

  parkings(): readonly Parking[] {
    return [...this.#tenants.values()].flatMap(({ parking }) => parking ?? []);
  }

  isParked(tenant_id: string): boolean {
    return this.#tenants.get(tenant_id)?.parking !== undefined;
  }

  /** How many of a parked tenant's events were set aside; 0 for one that is not parked. */
  parkedEvents(tenant_id: string): number {
    return this.#tenants.get(tenant_id)?.parking?.events ?? 0;
  }

  /** One more of the tenant's events waits in the outbox alone, if the tenant is parked. */
  countParked(tenant_id: string): void {
    const tenant = this.#tenants.get(tenant_id);
    if (tenant?.parking !== undefined)
      tenant.parking = { ...tenant.parking, events: tenant.parking.events + 1 };
  }

  /** Asks again at once for every parked tenant. */
  retryParked(): void {
    for (const tenant of this.#tenants.values()) if (tenant.parking !== undefined) this.#ask(tenant);
  }

  /** Ends all lookups; answers the events that still wait. */
  close(): readonly EventRecord[] {
    this.#abort.abort();
    const waiting: EventRecord[] = [];
    for (const tenant of this.#tenants.values()) {
      tenant.cancelRetry?.();
      waiting.push(...tenant.waiting);
    }
    this.#tenants.clear();
    return waiting;
  }

  /** The tenant's customer, empty where it is not known. */
  #known(tenant_id: string): string {
    const tenant = this.#tenants.get(tenant_id);
    if (tenant === undefined || tenant.customer_id === "") {
      return lookUpNow(this.#options.lookup, tenant_id) ?? "";
    }
    // An old answer still serves while a new one is fetched.
    if (tenant.knownUntil < this.#options.clock.now()) this.#ask(tenant);
    return tenant.customer_id;
  }

  #tenant(tenant_id: string): Tenant {
    const known = this.#tenants.get(tenant_id);
    if (known !== undefined) return known;
    if (this.#tenants.size >= MAX_KNOWN_TENANTS) this.#forgetIdle();
    const tenant: Tenant = {
      tenant_id,
      customer_id: "",
      knownUntil: 0,
      waiting: [],
      asking: false,
      failures: 0,
      parking: undefined,
      cancelRetry: undefined,
    };
    this.#tenants.set(tenant_id, tenant);
    return tenant;
  }

  #forgetIdle(): void {
    for (const [tenant_id, tenant] of this.#tenants) {
      if (tenant.waiting.length === 0 && !tenant.asking && tenant.parking === undefined)
        this.#tenants.delete(tenant_id);
      if (this.#tenants.size <= MAX_KNOWN_TENANTS / 2) return;
    }
  }

  #ask(tenant: Tenant): void {
    if (tenant.asking || this.#abort.signal.aborted) return;
    tenant.asking = true;
    tenant.cancelRetry?.();
    tenant.cancelRetry = undefined;
    this.#queue.push(tenant);
    this.#askNext();
  }

  #askNext(): void {
    while (this.#asking < MAX_LOOKUPS) {
      const tenant = this.#queue.shift();
      if (tenant === undefined) return;
      this.#asking++;
      void lookUp(this.#options.lookup, tenant.tenant_id, {
        clock: this.#options.clock,
        timeoutMs: this.#options.timeoutMs,
        signal: this.#abort.signal,
      }).then((answer) => {
        this.#asking--;
        tenant.asking = false;
        if (this.#abort.signal.aborted) return;
        this.#answered(tenant, answer);
        this.#askNext();
        this.#options.wake();
      });
    }
  }

  #answered(tenant: Tenant, answer: LookupAnswer): void {
    const now = this.#options.clock.now();
    if (answer.state === "found") {
      tenant.customer_id = answer.customer_id;
      tenant.knownUntil = now + KNOWN_MS;
      tenant.failures = 0;
      if (tenant.parking !== undefined) {
        tenant.parking = undefined;
        this.#options.unparked(tenant.tenant_id);
      }
      const waiting = tenant.waiting;
      tenant.waiting = [];
      for (const event of waiting) {
        event.customer_id = answer.customer_id;
        this.#options.ready(event);
      }
      return;
    }
    if (tenant.customer_id !== "") {
      // The old answer goes on serving when the lookup fails; a customer that is gone is forgotten.
      if (answer.state === "failed") tenant.knownUntil = now + KNOWN_MS;
      else tenant.customer_id = "";
      return;
    }
    tenant.failures++;
    const { random, retryCapMs } = this.#options;
    // A tenant without a customer gets one by a person's hand: no hurry.
    const failures = answer.state === "unknown" ? tenant.failures + UNKNOWN_BASE_FAILURES : tenant.failures;
    const floor = answer.state === "failed" ? retryAfterFloorMs(answer.retryAfterMs, random) : 0;
    const delay = Math.ceil(Math.max(floor, backoffMs(failures, retryCapMs, random)));
    const reason =
      answer.state === "failed"
        ? answer.reason
        : (answer.reason ?? `tenant ${JSON.stringify(tenant.tenant_id)} has no customer`);
    const cause = answer.state;
    const isNew = tenant.parking?.cause !== cause;
    const { since, events } = tenant.parking ?? { since: now, events: 0 };
    tenant.parking = { tenant_id: tenant.tenant_id, cause, reason, since, retryAt: now + delay, events };
    tenant.cancelRetry = this.#options.clock.schedule(delay, () => this.#ask(tenant));
    const waiting = tenant.waiting;
    tenant.waiting = [];
    this.#setAside(tenant, waiting);
    if (isNew) this.#options.parked(tenant.parking);
  }

  #setAside(tenant: Tenant, events: readonly EventRecord[]): void {
    if (tenant.parking !== undefined) {
      tenant.parking = { ...tenant.parking, events: tenant.parking.events + events.length };
    }
    for (const event of events) this.#options.setAside(event);
  }
}
