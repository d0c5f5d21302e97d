import { type Append, type Burial, type EventRecord, type OutboxChanges, usageTime } from "@meter-lib/core";
import { bodyText } from "./event-body.ts";
import type { AppendedDelivery, BurialChange, CommitInput, DeliveryChange, Keys } from "./store-call.ts";

const keysOf = (events: readonly EventRecord[]): Keys => `[${events.map(({ key }) => key).join()}]`;

const keysOrNone = (events: readonly EventRecord[]): Keys | undefined =>
  events.length === 0 ? undefined : keysOf(events);

/** Most events of a batch share their delivery fields: one statement for each group of those that do. */
const groupBy = <Item>(
  items: readonly Item[],
  mark: (item: Item) => string,
): readonly [Item, readonly Item[]][] => {
  const groups = new Map<string, [Item, Item[]]>();
  for (const item of items) {
    const group = groups.get(mark(item));
    if (group === undefined) groups.set(mark(item), [item, [item]]);
    else group[1].push(item);
  }
  return [...groups.values()];
};

const deliveries = (events: readonly EventRecord[]): readonly DeliveryChange[] =>
  groupBy(events, (event) => `${event.attempts} ${event.firstSentAt} ${event.customer_id}`).map(
    ([{ customer_id, attempts, firstSentAt }, group]) => ({
      customer_id,
      attempts,
      firstSentAt,
      keys: keysOf(group),
    }),
  );

const burials = (bury: readonly Burial[]): readonly BurialChange[] =>
  groupBy(bury, ({ state, status, reason }) => `${state} ${status} ${reason}`).map(
    ([{ state, status, reason }, group]) => ({
      state,
      status,
      reason,
      keys: keysOf(group.map(({ event }) => event)),
    }),
  );

const appendColumns = (append: readonly Append[]) => {
  const appendTexts: string[] = [];
  const appendNumbers = new Float64Array(append.length * 6);
  const appendDeliveries: AppendedDelivery[] = [];
  let at = 0;
  for (const [index, { event, hold }] of append.entries()) {
    const usage_time = usageTime(event);
    appendTexts.push(event.tenant_id, event.event_id, event.meter_id, bodyText(event, usage_time));
    appendNumbers[at++] = usage_time;
    appendNumbers[at++] = event.total_usage ?? Number.NaN;
    appendNumbers[at++] = event.bytes;
    appendNumbers[at++] = event.fingerprint;
    appendNumbers[at++] = event.lane === "live" ? 0 : 1;
    appendNumbers[at++] = hold ? 1 : 0;
    const { customer_id, attempts, firstSentAt } = event;
    if (customer_id !== "" || attempts > 0 || firstSentAt !== undefined) {
      appendDeliveries.push({ index, customer_id, attempts, firstSentAt });
    }
  }
  return { appendTexts, appendNumbers, appendDeliveries };
};

/** The changes in the form that crosses to the store's thread. */
export const encodeChanges = (changes: OutboxChanges): CommitInput => ({
  now: changes.now,
  ...appendColumns(changes.append),
  acknowledge: keysOrNone(changes.acknowledge),
  release: deliveries(changes.release),
  bury: burials(changes.bury),
  lease: deliveries(changes.lease),
  leased: changes.lease.length,
  unhold: keysOrNone(changes.unhold),
  sessions: changes.sessions,
});
