import type { Append, Burial, EventRecord, OutboxChanges } from "@meter-lib/core";
import { looseEvents, packEvents } from "./pack-events.ts";
import type {
  AppendedDelivery,
  AppendedEvents,
  BurialChange,
  CommitInput,
  DeliveryChange,
  Keys,
} from "./store-call.ts";

/** Fewer are stored as rows: a segment takes three rows and stays, as tombstones, until it goes as a whole. */
const SMALLEST_SEGMENT = 8;

const keysOf = (events: readonly EventRecord[]): Keys => events.map(({ key }) => key);

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

interface Delivery extends DeliveryChange {
  readonly keys: number[];
}

/** Most events of a customer share their other delivery fields, too. */
const deliveries = (events: readonly EventRecord[]): readonly DeliveryChange[] => {
  const changes: Delivery[] = [];
  const ofCustomer = new Map<string, Delivery>();
  for (const { customer_id, attempts, firstSentAt, key } of events) {
    let change = ofCustomer.get(customer_id);
    if (change === undefined || change.attempts !== attempts || change.firstSentAt !== firstSentAt) {
      change = { customer_id, attempts, firstSentAt, keys: [] };
      changes.push(change);
      ofCustomer.set(customer_id, change);
    }
    change.keys.push(key);
  }
  return changes;
};

const burials = (bury: readonly Burial[]): readonly BurialChange[] =>
  groupBy(bury, ({ state, status, reason }) => `${state} ${status} ${reason}`).map(
    ([{ state, status, reason }, group]) => ({
      state,
      status,
      reason,
      keys: keysOf(group.map(({ event }) => event)),
    }),
  );

/** Runs of events that are stored alike. */
const appended = (append: readonly Append[]): readonly AppendedEvents[] => {
  const runs: AppendedEvents[] = [];
  for (let from = 0, to = 0; from < append.length; from = to) {
    const first = append[from];
    const events: EventRecord[] = [];
    const deliveries: AppendedDelivery[] = [];
    for (; to < append.length; to++) {
      const next = append[to];
      if (next?.hold !== first?.hold || next?.event.mayBeRepeat !== first?.event.mayBeRepeat) break;
      if (next === undefined) continue;
      const { customer_id, attempts, firstSentAt } = next.event;
      if (customer_id !== "" || attempts > 0 || firstSentAt !== undefined)
        deliveries.push({ place: events.length, customer_id, attempts, firstSentAt });
      events.push(next.event);
    }
    if (first === undefined) break;
    const { hold, event } = first;
    const mayBeRepeats = event.mayBeRepeat;
    const isForSegment =
      hold && !mayBeRepeats && deliveries.length === 0 && events.length >= SMALLEST_SEGMENT;
    runs.push(
      isForSegment
        ? { packed: packEvents(events) }
        : { loose: looseEvents(events), hold, mayBeRepeats, deliveries },
    );
  }
  return runs;
};

/** The changes in the form that crosses to the store's thread. */
export const encodeChanges = (changes: OutboxChanges): CommitInput => ({
  now: changes.now,
  append: appended(changes.append),
  acknowledge: keysOf(changes.acknowledge),
  release: deliveries(changes.release),
  bury: burials(changes.bury),
  lease: deliveries(changes.lease),
  leased: changes.lease.length,
  unhold: keysOf(changes.unhold),
  sessions: changes.sessions,
});
