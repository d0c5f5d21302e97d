import type { Clock } from "../../strategies/clock.ts";
import type { CustomerLookup, LookupAnswer, LookupFailed } from "../../strategies/customer-lookup.ts";
import type { DestinationStatus } from "../rules/destination-status.ts";
import { type Random, retryDelayMs } from "../rules/retry.ts";
import type { Slice } from "../segments/slice.ts";
import { lookUpNow } from "./ask-lookup.ts";
import { LookupQueue } from "./lookup-queue.ts";

export interface CustomersOptions {
  readonly lookup: CustomerLookup;
  readonly clock: Clock;
  readonly steady: () => number;
  readonly random: Random;
  readonly timeoutMs: number;
  readonly retryCapMs: number;
  /** Results came in; there is something to take. */
  readonly changed: () => void;
}

/** Why a tenant's events wait. */
export interface Parking {
  readonly tenant_id: string;
  /** `unknown`: the lookup worked and found no customer; `failed`: the lookup failed. */
  readonly cause: "unknown" | "failed";
  readonly reason: string;
  /** HTTP status of the lookup's response, if there was one. */
  readonly status: number | undefined;
  readonly since: number;
  readonly retryAt: number;
  /** Events parked since then by this process. */
  readonly events: number;
}

interface Tenant {
  readonly tenant_id: string;
  customer_id: string | undefined;
  /** In steady time. */
  knownUntil: number;
  waiting: Slice[];
  failures: number;
  parking: Parking | undefined;
  parkedBytes: number;
  /** Whether `parked` was emitted. */
  isTold: boolean;
  /** Whether it waits for the lookup to work again, not for a customer. */
  waitsForLookup: boolean;
  /** How often the lookup had succeeded when it last refused its credentials for this tenant. */
  refusedAt: number | undefined;
  cancelRetry: (() => void) | undefined;
}

/** What was decided since the last take. */
export interface Decided {
  /** Their customers are known. */
  readonly ready: readonly Slice[];
  /** Their tenant's customer is not known: they leave memory, not the outbox. */
  readonly parked: readonly Slice[];
  /** Tenants that are parked now, or for a new cause. */
  readonly parkings: readonly Parking[];
  readonly unparked: readonly string[];
  /** Whether events that waited for a customer may be claimed from the outbox. */
  readonly released: boolean;
  /** Whether the lookup refuses its credentials, or accepts them again. */
  readonly lookup: readonly ("blocked" | "unblocked")[];
}

/** How long a result is valid if the lookup keeps none itself. */
const KNOWN_MS = 5 * 60_000;
const STALE_MS = 60_000;
/** A customer is looked up again if the event waited longer than this. */
const FRESH_MS = 2_000;
const MAX_KNOWN_TENANTS = 20_000;
const UNKNOWN_BASE_FAILURES = 5;
const LOOKUP = "customer lookup";

/** Resolves each tenant's customer and parks its events until the customer is known. One tenant's lookup never delays another's events. */
export class Customers {
  readonly #options: CustomersOptions;
  readonly #tenants = new Map<string, Tenant>();
  readonly #lookups: LookupQueue;
  #parked = new Map<string, Tenant>();
  #parkedEvents = 0;
  #parkedBytes = 0;
  #ready: Slice[] = [];
  #setAside: Slice[] = [];
  #newParkings: Parking[] = [];
  #unparked: string[] = [];
  #released = false;
  #lookupChanges: ("blocked" | "unblocked")[] = [];
  /** Why the lookup is blocked; undefined while it works. */
  #refusal:
    | { readonly reason: string; readonly status: number | undefined; readonly since: number }
    | undefined;
  /** How often it returned a customer or said there is none. */
  #worked = 0;
  /** The customers of the last tenant: consecutive segments often share it. */
  #last: ReadonlyMap<string, string> = new Map();

  constructor(options: CustomersOptions) {
    this.#options = options;
    this.#lookups = new LookupQueue(options, (tenant_id, answer) => {
      this.#answered(this.#tenant(tenant_id), answer);
      options.changed();
    });
  }

  /** Tenants that this process has parked or is looking up. */
  get waiting(): { readonly events: number; readonly bytes: number } {
    return { events: this.#parkedEvents, bytes: this.#parkedBytes };
  }

  /** Whether a tenant's customer is known without waiting. */
  knows(tenant_id: string): boolean {
    return this.#known(tenant_id, this.#options.steady()) !== undefined;
  }

  /** Gives the events their customers. What can be sent is ready; the rest waits or is parked. */
  admit(slice: Slice): void {
    if (this.resolveNow(slice)) this.#ready.push(slice);
    else for (const part of slice.byTenant()) this.#admitPart(part);
  }

  /** Gives all events their customers if those are known without waiting; returns whether it did. */
  resolveNow(slice: Slice): boolean {
    const { segment } = slice;
    const now = this.#options.steady();
    const isFresh = now - segment.customersAt <= FRESH_MS;
    // Resolved on admission, and asked again just before it is sent.
    if (segment.hasAllCustomers && (isFresh || segment.leased === segment.customers)) return true;
    const open = slice.tenants.filter(
      (tenant_id) => !segment.leased.has(tenant_id) && !(isFresh && segment.customers.has(tenant_id)),
    );
    if (open.length === 0) return true;
    const customers = new Map(segment.customers);
    for (const tenant_id of open) {
      const customer_id = this.#known(tenant_id, now);
      if (customer_id === undefined) return false;
      customers.set(tenant_id, customer_id);
    }
    // Consecutive segments of one tenant share the same object.
    if (customers.size > 1 || !isSame(customers, this.#last)) this.#last = customers;
    segment.customers = this.#last;
    segment.customersAt = now;
    if (slice.isWhole) segment.hasAllCustomers = true;
    return true;
  }

  /** The events are to be leased: keep their customers. */
  static keep(slice: Slice): void {
    const { segment } = slice;
    if (slice.isWhole) {
      // All of them have one.
      segment.leased = segment.customers;
      return;
    }
    const tenants = slice.tenants.filter((tenant_id) => !segment.leased.has(tenant_id));
    if (tenants.length > 0) segment.leased = new Set([...segment.leased.keys(), ...tenants]);
  }

  /** What came of it. */
  take(): Decided {
    const decided = {
      ready: this.#ready,
      parked: this.#setAside,
      parkings: this.#newParkings,
      unparked: this.#unparked,
      released: this.#released,
      lookup: this.#lookupChanges,
    };
    this.#ready = [];
    this.#setAside = [];
    this.#newParkings = [];
    this.#unparked = [];
    this.#released = false;
    this.#lookupChanges = [];
    return decided;
  }

  parkings(): readonly Parking[] {
    return [...this.#parked.values()].flatMap(({ parking, waitsForLookup }) =>
      parking === undefined || waitsForLookup ? [] : parking,
    );
  }

  /** The lookup as a destination: `queued` counts the events that wait for it to accept its credentials. */
  get lookup(): DestinationStatus {
    const parkings = [...this.#parked.values()].flatMap(({ parking, waitsForLookup }) =>
      parking === undefined || !waitsForLookup ? [] : parking,
    );
    return {
      name: LOOKUP,
      state: this.#refusal === undefined ? "open" : "blocked",
      queued: parkings.reduce((sum, { events }) => sum + events, 0),
      inFlight: this.#lookups.inFlight,
      reason: this.#refusal?.reason,
      status: this.#refusal?.status,
      since: this.#refusal?.since,
      retryAt: parkings.length === 0 ? undefined : Math.min(...parkings.map(({ retryAt }) => retryAt)),
    };
  }

  get parkedTenants(): readonly string[] {
    return [...this.#parked.keys()];
  }

  isParked(tenant_id: string): boolean {
    return this.#parked.has(tenant_id);
  }

  /** Whether it is parked for a reason of its own. */
  isParkedAlone(tenant_id: string): boolean {
    return this.#parked.get(tenant_id)?.waitsForLookup === false;
  }

  /** Counts events of a parked tenant that are in the outbox only. */
  countParked(tenant_id: string, events: number, bytes: number): void {
    const tenant = this.#parked.get(tenant_id);
    if (tenant?.parking === undefined) return;
    tenant.parking = { ...tenant.parking, events: tenant.parking.events + events };
    tenant.parkedBytes += bytes;
    this.#parkedEvents += events;
    this.#parkedBytes += bytes;
  }

  /** Looks up every parked tenant again at once. */
  retryNow(): void {
    for (const tenant of this.#parked.values()) this.#ask(tenant);
  }

  /** Ends all lookups; returns what still waits. */
  close(): readonly Slice[] {
    this.#lookups.close();
    const waiting = [...this.#ready, ...this.#setAside];
    for (const tenant of this.#tenants.values()) {
      tenant.cancelRetry?.();
      waiting.push(...tenant.waiting);
    }
    this.#tenants.clear();
    this.#parked.clear();
    return waiting;
  }

  #admitPart(part: Slice): void {
    if (this.resolveNow(part)) {
      this.#ready.push(part);
      return;
    }
    const [tenant_id = ""] = part.tenants;
    const tenant = this.#tenant(tenant_id);
    if (tenant.parking !== undefined) this.#park(tenant, [part]);
    else {
      tenant.waiting.push(part);
      this.#ask(tenant);
    }
  }

  #known(tenant_id: string, now: number): string | undefined {
    const known = lookUpNow(this.#options.lookup, tenant_id);
    if (known !== undefined) return known;
    const tenant = this.#tenants.get(tenant_id);
    return tenant !== undefined && now < tenant.knownUntil ? tenant.customer_id : undefined;
  }

  #tenant(tenant_id: string): Tenant {
    const known = this.#tenants.get(tenant_id);
    if (known !== undefined) return known;
    if (this.#tenants.size - this.#parked.size >= MAX_KNOWN_TENANTS) this.#forgetIdle();
    const tenant: Tenant = {
      tenant_id,
      customer_id: undefined,
      knownUntil: Number.NEGATIVE_INFINITY,
      waiting: [],
      failures: 0,
      parking: undefined,
      parkedBytes: 0,
      isTold: false,
      waitsForLookup: false,
      refusedAt: undefined,
      cancelRetry: undefined,
    };
    this.#tenants.set(tenant_id, tenant);
    return tenant;
  }

  #forgetIdle(): void {
    for (const [tenant_id, { waiting, parking }] of this.#tenants)
      if (waiting.length === 0 && parking === undefined) this.#tenants.delete(tenant_id);
  }

  #ask(tenant: Tenant): void {
    tenant.cancelRetry?.();
    tenant.cancelRetry = undefined;
    this.#lookups.ask(tenant.tenant_id);
  }

  #answered(tenant: Tenant, answer: LookupAnswer): void {
    const now = this.#options.steady();
    tenant.waitsForLookup = false;
    if (answer.state === "failed" && answer.credentials) this.#lookupRefused(tenant, answer);
    else tenant.refusedAt = undefined;
    if (answer.state !== "failed") this.#lookupWorked();
    if (answer.state === "found") {
      tenant.customer_id = answer.customer_id;
      // A lookup with `known` decides itself how long a result is valid; this one serves the current waiters.
      tenant.knownUntil = this.#options.lookup.lookupNow === undefined ? now + KNOWN_MS : now + FRESH_MS;
      tenant.failures = 0;
      this.#release(tenant);
    } else if (answer.state === "failed" && tenant.customer_id !== undefined) {
      // If the lookup fails, the last known customer stays in use.
      tenant.knownUntil = now + STALE_MS;
    } else {
      // A customer that no longer exists is forgotten.
      tenant.customer_id = undefined;
      this.#parkUntilAsked(tenant, answer);
    }
    const waiting = tenant.waiting;
    tenant.waiting = [];
    for (const slice of waiting) {
      if (this.resolveNow(slice)) this.#ready.push(slice);
      else if (tenant.parking !== undefined) this.#park(tenant, [slice]);
      else this.#admitPart(slice);
    }
  }

  #lookupWorked(): void {
    this.#worked++;
    if (this.#refusal === undefined) return;
    this.#refusal = undefined;
    this.#lookupChanges.push("unblocked");
    for (const tenant of this.#parked.values()) if (tenant.waitsForLookup) this.#ask(tenant);
  }

  /** Refused credentials are no tenant's fault, unless the lookup works for others in the meantime. */
  #lookupRefused(tenant: Tenant, { reason, status }: LookupFailed): void {
    const isOwn = tenant.refusedAt !== undefined && tenant.refusedAt < this.#worked;
    // Once blamed on the tenant, it stays so.
    tenant.refusedAt = isOwn ? Number.NEGATIVE_INFINITY : this.#worked;
    tenant.waitsForLookup = !isOwn;
    if (isOwn) return;
    if (this.#refusal === undefined) this.#lookupChanges.push("blocked");
    this.#refusal = { reason, status, since: this.#refusal?.since ?? this.#options.clock.now() };
  }

  #parkUntilAsked(tenant: Tenant, answer: Exclude<LookupAnswer, { state: "found" }>): void {
    const { random, retryCapMs, clock } = this.#options;
    tenant.failures++;
    // A person creates a customer for the tenant: no hurry.
    const failures = answer.state === "unknown" ? tenant.failures + UNKNOWN_BASE_FAILURES : tenant.failures;
    const retryAfterMs = answer.state === "failed" ? answer.retryAfterMs : undefined;
    const delay = Math.ceil(retryDelayMs(failures, retryCapMs, retryAfterMs, random));
    const cause = answer.state;
    const isNew = !tenant.isTold || tenant.parking?.cause !== cause;
    const now = clock.now();
    const { since, events } = tenant.parking ?? { since: now, events: 0 };
    tenant.parking = {
      tenant_id: tenant.tenant_id,
      cause,
      reason: answer.reason ?? `tenant ${JSON.stringify(tenant.tenant_id)} has no customer`,
      status: answer.state === "failed" ? answer.status : undefined,
      since,
      retryAt: now + delay,
      events,
    };
    tenant.cancelRetry = clock.schedule(delay, () => this.#ask(tenant));
    this.#parked.set(tenant.tenant_id, tenant);
    if (!isNew || tenant.waitsForLookup) return;
    tenant.isTold = true;
    this.#newParkings.push(tenant.parking);
  }

  #park(tenant: Tenant, slices: readonly Slice[]): void {
    for (const slice of slices) {
      this.countParked(tenant.tenant_id, slice.size, slice.bytes);
      this.#setAside.push(slice);
    }
  }

  #release(tenant: Tenant): void {
    if (tenant.parking === undefined) return;
    this.#parkedEvents -= tenant.parking.events;
    this.#parkedBytes -= tenant.parkedBytes;
    tenant.parking = undefined;
    tenant.parkedBytes = 0;
    this.#parked.delete(tenant.tenant_id);
    this.#released = true;
    if (tenant.isTold) this.#unparked.push(tenant.tenant_id);
    tenant.isTold = false;
  }
}

const isSame = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean =>
  one.size === other.size &&
  [...one].every(([tenant_id, customer_id]) => other.get(tenant_id) === customer_id);
