import { MeterError } from "@meter-lib/core";
import { describeValue, foreignOptions, type OptionNames } from "@meter-lib/core/transport";
import type { ClaimAnswer, ClaimEntry, DedupStore } from "./dedup-store.ts";

export interface MemoryDedupOptions {
  /** How long an identity is remembered, in milliseconds. @default 604_800_000 (7 days) */
  readonly windowMs?: number;
  /** Largest number of identities. When it is reached, new events are refused until some expire. @default 200_000 */
  readonly maxEntries?: number;
  /** Largest number for one tenant, so that it cannot use up the store. @default a quarter of `maxEntries` */
  readonly maxEntriesPerTenant?: number;
}

/** Identities that were claimed or confirmed by one call. What they share is kept once. */
interface Group {
  readonly tenant_id: string;
  /** Undefined if confirmed. */
  owner: string | undefined;
  readonly leaseUntil: number;
  expiresAt: number;
  /** Those that entered it; some may have left. */
  event_ids: string[];
  /** How many have not left. */
  size: number;
}

interface Entry {
  readonly note: string;
  /** Of the first claim: its outbox may have the event, whoever claims it afterwards. */
  readonly holder: string;
  group: Group;
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
  // In the order of their calls, and so almost by expiry.
  const groups = new Set<Group>();
  let size = 0;

  const groupOf = (shared: Omit<Group, "event_ids" | "size">): Group => {
    const group = { ...shared, event_ids: [], size: 0 };
    groups.add(group);
    return group;
  };
  const enter = (event_id: string, entry: Entry): void => {
    const { group } = entry;
    group.event_ids.push(event_id);
    group.size++;
    size++;
    const ofTenant = byTenant.get(group.tenant_id);
    if (ofTenant === undefined) byTenant.set(group.tenant_id, new Map([[event_id, entry]]));
    else ofTenant.set(event_id, entry);
  };
  const leave = (group: Group): void => {
    group.size--;
    if (group.size === 0) groups.delete(group);
  };
  const move = (event_id: string, entry: Entry, group: Group): void => {
    group.event_ids.push(event_id);
    group.size++;
    leave(entry.group);
    entry.group = group;
  };
  const remove = (event_id: string, { group }: Entry): void => {
    const ofTenant = byTenant.get(group.tenant_id);
    ofTenant?.delete(event_id);
    if (ofTenant?.size === 0) byTenant.delete(group.tenant_id);
    size--;
    leave(group);
    // An id that is gone must not take memory until the others expire.
    if (group.size * 2 < group.event_ids.length)
      group.event_ids = group.event_ids.filter((each) => ofTenant?.get(each)?.group === group);
  };
  /** Returns the entry of an identity. Deletes an expired one. */
  const recall = (tenant_id: string, event_id: string, now: number): Entry | undefined => {
    const entry = byTenant.get(tenant_id)?.get(event_id);
    if (entry === undefined || entry.group.expiresAt > now) return entry;
    remove(event_id, entry);
    return undefined;
  };
  const forgetExpired = (now: number): void => {
    for (const { tenant_id, expiresAt, event_ids } of groups) {
      if (expiresAt > now) return;
      for (const event_id of event_ids) recall(tenant_id, event_id, now);
    }
  };

  const confirmEach = (
    entries: readonly ClaimEntry[],
    tenant_id: string,
    now: number,
    expiresAt: number,
  ): void => {
    const group = groupOf({ tenant_id, owner: undefined, leaseUntil: 0, expiresAt });
    for (const { event_id, note } of entries) {
      const entry = recall(tenant_id, event_id, now);
      if (entry === undefined) enter(event_id, { note, holder: "", group });
      else {
        group.expiresAt = Math.max(group.expiresAt, entry.group.expiresAt);
        move(event_id, entry, group);
      }
    }
    if (group.size === 0) groups.delete(group);
  };

  return {
    name: "memory",
    windowMs,
    claim: ({ tenant_id, owner, holder = "", now, leaseMs, entries }) => {
      forgetExpired(now);
      const known = entries.map(({ event_id }) => recall(tenant_id, event_id, now));
      const more = known.reduce((count, entry) => (entry === undefined ? count + 1 : count), 0);
      const ofTenant = byTenant.get(tenant_id)?.size ?? 0;
      if (more > 0 && (size + more > maxEntries || ofTenant + more > maxEntriesPerTenant)) {
        throw new MeterError(
          "no_room",
          `the dedup memory holds ${size} identities of at most ${maxEntries}, ` +
            `${ofTenant} of them of this tenant, which may have ${maxEntriesPerTenant}`,
        );
      }
      const expiresAt = now + Math.max(windowMs, leaseMs);
      const group = groupOf({ tenant_id, owner, leaseUntil: now + leaseMs, expiresAt });
      const answers = entries.map(({ event_id, note }, index): ClaimAnswer => {
        const entry = known[index];
        if (entry === undefined) {
          enter(event_id, { note, holder, group });
          return { state: "claimed", note, lapsed: false };
        }
        const { owner: before, leaseUntil } = entry.group;
        if (before === undefined) return { state: "confirmed", note: entry.note };
        const lapsed = before !== owner;
        if (lapsed && (leaseUntil > now || entry.holder !== holder))
          return { state: "held", note: entry.note, until: leaseUntil, holder: entry.holder };
        move(event_id, entry, group);
        return { state: "claimed", note: entry.note, lapsed };
      });
      if (group.size === 0) groups.delete(group);
      return answers;
    },
    settle: ({ tenant_id, owner, now, confirmed, released }) => {
      const expiresAt = now + windowMs;
      const claimed = recall(tenant_id, confirmed[0]?.event_id ?? "", now)?.group;
      // Most requests hand on all that they claimed: then none is looked for by itself.
      if (claimed?.owner === owner && isAllOf(claimed, confirmed)) {
        claimed.owner = undefined;
        claimed.expiresAt = Math.max(claimed.expiresAt, expiresAt);
      } else confirmEach(confirmed, tenant_id, now, expiresAt);
      for (const event_id of released) {
        const entry = byTenant.get(tenant_id)?.get(event_id);
        if (entry?.group.owner === owner) remove(event_id, entry);
      }
    },
  };
};

/** Whether these are what is in a group, in the order in which they entered it. */
const isAllOf = ({ event_ids, size }: Group, entries: readonly ClaimEntry[]): boolean =>
  size === entries.length &&
  size === event_ids.length &&
  entries.every(({ event_id }, index) => event_id === event_ids[index]);
