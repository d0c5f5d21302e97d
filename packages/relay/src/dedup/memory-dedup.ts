import { MeterError } from "@meter-lib/core";
import { describeValue, foreignOptions, type OptionNames } from "@meter-lib/core/transport";
import type { ClaimAnswer, DedupStore } from "./dedup-store.ts";

export interface MemoryDedupOptions {
  /** How long an identity is remembered, in milliseconds. @default 604_800_000 (7 days) */
  readonly windowMs?: number;
  /** Largest number of identities. When it is reached, new events are refused until some expire. @default 200_000 */
  readonly maxEntries?: number;
  /** Largest number for one tenant, so that it cannot use up the store. @default a quarter of `maxEntries` */
  readonly maxEntriesPerTenant?: number;
}

interface Entry {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly note: string;
  readonly holder: string;
  /** Undefined if confirmed. */
  owner: string | undefined;
  leaseUntil: number;
  expiresAt: number;
}

const OPTIONS: OptionNames<MemoryDedupOptions> = {
  windowMs: true,
  maxEntries: true,
  maxEntriesPerTenant: true,
};
const WEEK_MS = 604_800_000;

/**
 * Creates a dedup store in memory. It is lost when the process ends: use it in tests, and where the receiver deduplicates too.
 *
 * @throws MeterError `invalid_options` that names every invalid option
 *
 * @example
 * ```ts
 * const relay = createRelay({ dedup: memoryDedup(), … });
 * ```
 */
export const memoryDedup = (options: MemoryDedupOptions = {}): DedupStore => {
  const {
    windowMs = WEEK_MS,
    maxEntries = 200_000,
    maxEntriesPerTenant = Math.ceil(maxEntries / 4),
  } = options;
  const foreign = foreignOptions("", options, OPTIONS);
  if (foreign.length > 0) throw MeterError.fromIssues("invalid_options", foreign);
  for (const [field, value] of Object.entries({ windowMs, maxEntries, maxEntriesPerTenant })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw MeterError.fromIssues("invalid_options", [
      { field, given: describeValue(value), expected: "an integer above 0" },
    ]);
  }
  const byTenant = new Map<string, Map<string, Entry>>();
  // Ordered by last claim, and so almost by expiry: confirming an entry moves its expiry only a little.
  const all = new Set<Entry>();

  const add = (entry: Entry): void => {
    all.add(entry);
    const ofTenant = byTenant.get(entry.tenant_id);
    if (ofTenant === undefined) byTenant.set(entry.tenant_id, new Map([[entry.event_id, entry]]));
    else ofTenant.set(entry.event_id, entry);
  };
  const remove = (entry: Entry): void => {
    all.delete(entry);
    const ofTenant = byTenant.get(entry.tenant_id);
    ofTenant?.delete(entry.event_id);
    if (ofTenant?.size === 0) byTenant.delete(entry.tenant_id);
  };
  /** Returns the entry of an identity. Deletes an expired one. */
  const recall = (tenant_id: string, event_id: string, now: number): Entry | undefined => {
    const entry = byTenant.get(tenant_id)?.get(event_id);
    if (entry === undefined || entry.expiresAt > now) return entry;
    remove(entry);
    return undefined;
  };
  const forgetExpired = (now: number): void => {
    for (const entry of all) {
      if (entry.expiresAt > now) return;
      remove(entry);
    }
  };

  return {
    name: "memory",
    windowMs,
    claim: ({ tenant_id, owner, holder = "", now, leaseMs, entries }) => {
      forgetExpired(now);
      const known = entries.map(({ event_id }) => recall(tenant_id, event_id, now));
      const more = known.reduce((count, entry) => (entry === undefined ? count + 1 : count), 0);
      const ofTenant = byTenant.get(tenant_id)?.size ?? 0;
      if (more > 0 && (all.size + more > maxEntries || ofTenant + more > maxEntriesPerTenant)) {
        throw new MeterError(
          "no_room",
          `the dedup memory holds ${all.size} identities of at most ${maxEntries}, ` +
            `${ofTenant} of them of this tenant, which may have ${maxEntriesPerTenant}`,
        );
      }
      const leaseUntil = now + leaseMs;
      const expiresAt = now + Math.max(windowMs, leaseMs);
      return entries.map(({ event_id, note }, index): ClaimAnswer => {
        const entry = known[index];
        if (entry === undefined) {
          add({ tenant_id, event_id, note, holder, owner, leaseUntil, expiresAt });
          return { state: "claimed", note, lapsed: false };
        }
        if (entry.owner === undefined) return { state: "confirmed", note: entry.note };
        const lapsed = entry.owner !== owner;
        if (lapsed && (entry.leaseUntil > now || entry.holder !== holder))
          return { state: "held", note: entry.note, until: entry.leaseUntil, holder: entry.holder };
        remove(entry);
        add({ ...entry, owner, leaseUntil, expiresAt });
        return { state: "claimed", note: entry.note, lapsed };
      });
    },
    settle: ({ tenant_id, owner, now, confirmed, released }) => {
      const expiresAt = now + windowMs;
      for (const { event_id, note } of confirmed) {
        const entry = recall(tenant_id, event_id, now);
        if (entry === undefined) {
          add({ tenant_id, event_id, note, holder: "", owner: undefined, leaseUntil: 0, expiresAt });
        } else {
          entry.owner = undefined;
          entry.expiresAt = Math.max(entry.expiresAt, expiresAt);
        }
      }
      for (const event_id of released) {
        const entry = byTenant.get(tenant_id)?.get(event_id);
        if (entry?.owner === owner) remove(entry);
      }
    },
  };
};
