import { describeValue, MeterError } from "@meter-lib/core";
import type { ClaimAnswer, DedupStore } from "./dedup-store.ts";

export interface MemoryDedupOptions {
  /** How long an identity is remembered, in milliseconds. @default 86_400_000 (24 hours) */
  readonly windowMs?: number;
  /** Most identities remembered. When all are in use, new ones are turned away until some expire. @default 200_000 */
  readonly maxEntries?: number;
  /** Most of them that one tenant may have, so that it cannot fill the memory for all. @default a quarter */
  readonly maxEntriesPerTenant?: number;
}

interface Entry {
  readonly tenant_id: string;
  readonly note: string;
  /** Undefined when confirmed. */
  readonly owner: string | undefined;
  readonly leaseUntil: number;
  readonly expiresAt: number;
}

const DAY_MS = 86_400_000;

/**
 * Dedup in the memory of this process. It forgets everything at the end of the process: use it where the receiver drops
 * second events as well, and in tests.
 *
 * @throws MeterError `invalid_options`
 */
export const memoryDedup = ({
  windowMs = DAY_MS,
  maxEntries = 200_000,
  maxEntriesPerTenant = Math.ceil(maxEntries / 4),
}: MemoryDedupOptions = {}): DedupStore => {
  for (const [field, value] of Object.entries({ windowMs, maxEntries, maxEntriesPerTenant })) {
    if (Number.isSafeInteger(value) && value > 0) continue;
    throw MeterError.fromIssues("invalid_options", [
      { field, given: describeValue(value), expected: "an integer above 0" },
    ]);
  }
  // In order of expiry, which is that of writing: every entry lives equally long.
  const entries = new Map<string, Entry>();
  const perTenant = new Map<string, number>();

  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    const left = (perTenant.get(entry.tenant_id) ?? 0) - 1;
    if (left > 0) perTenant.set(entry.tenant_id, left);
    else perTenant.delete(entry.tenant_id);
  };
  const write = (key: string, entry: Entry): void => {
    remove(key);
    entries.set(key, entry);
    perTenant.set(entry.tenant_id, (perTenant.get(entry.tenant_id) ?? 0) + 1);
  };
  const forgetExpired = (now: number): void => {
    for (const [key, { expiresAt }] of entries) {
      if (expiresAt > now) return;
      remove(key);
    }
  };

  return {
    name: "memory",
    windowMs,
    claim: ({ tenant_id, owner, now, leaseMs, entries: claimed }) => {
      forgetExpired(now);
      const unknown = claimed.filter(({ event_id }) => !entries.has(keyOf(tenant_id, event_id))).length;
      const ofTenant = perTenant.get(tenant_id) ?? 0;
      if (unknown > 0 && (entries.size + unknown > maxEntries || ofTenant + unknown > maxEntriesPerTenant)) {
        throw new MeterError(
          "no_room",
          `the dedup memory holds ${entries.size} identities of at most ${maxEntries}, ${ofTenant} of them of this tenant`,
        );
      }
      return claimed.map(({ event_id, note }): ClaimAnswer => {
        const key = keyOf(tenant_id, event_id);
        const known = entries.get(key);
        if (known !== undefined && known.owner === undefined) return { state: "confirmed", note: known.note };
        if (known !== undefined && known.owner !== owner && known.leaseUntil > now)
          return { state: "held", note: known.note, until: known.leaseUntil };
        const first = known?.note ?? note;
        write(key, {
          tenant_id,
          note: first,
          owner,
          leaseUntil: now + leaseMs,
          expiresAt: now + Math.max(windowMs, leaseMs),
        });
        return { state: "claimed", note: first, lapsed: known !== undefined && known.owner !== owner };
      });
    },
    confirm: ({ tenant_id, now, entries: confirmed }) => {
      for (const { event_id, note } of confirmed) {
        const key = keyOf(tenant_id, event_id);
        const first = entries.get(key)?.note ?? note;
        write(key, { tenant_id, note: first, owner: undefined, leaseUntil: 0, expiresAt: now + windowMs });
      }
    },
    release: ({ tenant_id, owner, event_ids }) => {
      for (const event_id of event_ids) {
        const key = keyOf(tenant_id, event_id);
        if (entries.get(key)?.owner === owner) remove(key);
      }
    },
  };
};

// An event id holds no blank, so that the two cannot run into each other.
const keyOf = (tenant_id: string, event_id: string): string => `${event_id} ${tenant_id}`;
