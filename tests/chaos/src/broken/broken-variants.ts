import type { Transport } from "@meter-lib/core";
import type { Outbox, UsageEvent } from "@meter-lib/core/store";
import {
  type AppendException,
  type Ending,
  eventSize,
  eventsOf,
  idList,
  type Lease,
  type NewSegment,
  type Span,
  sumEvents,
} from "@meter-lib/core/store";
import type { Outcome } from "@meter-lib/core/transport";
import { NO_CHANGES } from "../../../../packages/core/test/new-segment.ts";
import { wrapOutbox } from "../../../../packages/core/test/wrap-outbox.ts";

type Events = readonly (UsageEvent | undefined)[];

const sizeOf = (events: readonly UsageEvent[]): number =>
  events.reduce((sum, event) => sum + eventSize(event), 0);

/** Deletes events when they are sent, not when they are acknowledged. */
export const deletesBeforeAcknowledgement = (inner: Outbox): Outbox => {
  const segments = new Map<string, Events>();
  const deleted = new Set<string>();
  const placesOf = ({ segment, from, to }: Span): readonly string[] =>
    Array.from({ length: to - from }, (_, i) => `${segment} ${from + i}`);
  const left = <Part extends Span>(parts: readonly Part[]): readonly Part[] =>
    parts.filter((part) => !placesOf(part).some((place) => deleted.has(place)));
  const ended = ({ segment, from, to }: Lease): Ending => {
    const events = (segments.get(segment) ?? []).slice(from, to).filter((event) => event !== undefined);
    const { sums } = sumEvents(events);
    return { segment, from, to, state: "acknowledged", sums, bytes: sizeOf(events) };
  };
  return wrapOutbox(inner, {
    commit: async (changes) => {
      const lease = left(changes.lease);
      const commit = await inner.commit({
        ...changes,
        end: left(changes.end),
        release: left(changes.release),
        spill: left(changes.spill),
        lease,
      });
      for (const [i, { segment, exceptions }] of commit.appended.entries()) {
        const { body, count = 0 } = changes.append[i] ?? {};
        const absent = new Set(exceptions.map(({ index }) => index));
        segments.set(
          segment,
          eventsOf(body, count).filter((_, index) => !absent.has(index)),
        );
      }
      if (lease.length === 0) return commit;
      for (const place of lease.flatMap(placesOf)) deleted.add(place);
      const { pendingEvents, pendingBytes } = await inner.commit({
        ...NO_CHANGES,
        now: changes.now,
        end: lease.map(ended),
      });
      return { ...commit, pendingEvents, pendingBytes };
    },
    claim: async (request) => {
      const claimed = await inner.claim(request);
      for (const { id, body, pieces } of claimed.segments)
        segments.set(id, eventsOf(body, pieces.at(-1)?.to ?? 0));
      return claimed;
    },
  });
};

/** Says that it has an event and drops it, for every seventh. */
export const dropsEvents = (inner: Outbox): Outbox => {
  let seen = 0;
  return wrapOutbox(inner, {
    commit: async (changes) => {
      const kept = changes.append.map(({ count }) =>
        Array.from({ length: count }, (_, index) => index).filter(() => ++seen % 7 !== 0),
      );
      const commit = await inner.commit({
        ...changes,
        append: changes.append.map((segment, i) => onlyWith(segment, kept[i] ?? [])),
      });
      return {
        ...commit,
        appended: commit.appended.map((appended, i) => {
          const places = kept[i] ?? [];
          const exceptions: AppendException[] = appended.exceptions.map((exception) => ({
            ...exception,
            index: places[exception.index] ?? 0,
          }));
          for (let index = 0; index < (changes.append[i]?.count ?? 0); index++)
            if (!places.includes(index)) exceptions.push({ index, state: "repeat", where: "acknowledged" });
          return { ...appended, exceptions: exceptions.sort((a, b) => a.index - b.index) };
        }),
      };
    },
  });
};

/** A segment of events in memory with some of its events only. */
const onlyWith = (segment: NewSegment, places: readonly number[]): NewSegment => {
  const all = eventsOf(segment.body, segment.count);
  const events = places.map((place) => all[place]).filter((event) => event !== undefined);
  return {
    ...segment,
    ...sumEvents(events),
    count: events.length,
    bytes: sizeOf(events),
    body: events,
    ids: idList(events),
    given: segment.given.flatMap(({ index, mark }) =>
      places.includes(index) ? [{ index: places.indexOf(index), mark }] : [],
    ),
  };
};

/** Forgets to count what was quarantined. */
export const skipsACounter = (inner: Outbox): Outbox =>
  wrapOutbox(inner, {
    accounts: async () => ({ ...(await inner.accounts()), quarantined: 0 }),
  });

/** Makes an event's id when it sends it, and so another one for each attempt. */
export const makesNewIds = (inner: Transport): Transport => {
  let made = 0;
  return {
    ...inner,
    send: ({ events }, context) =>
      inner.send(
        {
          events: events.map((event) => ({
            ...event,
            event_id: `${event.event_id.slice(0, 24)}${String(++made).padStart(12, "0")}`,
          })),
        },
        context,
      ),
  };
};

/** Sends an event again whose fate is unsure, though the receiver does not deduplicate. */
export const resendsTheUnsure = (inner: Transport): Transport => ({
  ...inner,
  send: async (batch, context) => {
    const answer = await inner.send(batch, context);
    if (answer.fault !== undefined) return answer;
    const sure = (outcome: Outcome): Outcome =>
      outcome.state === "unsure" ? { state: "retry", reason: outcome.reason } : outcome;
    return answer.every === undefined
      ? { outcomes: answer.outcomes.map(sure) }
      : { every: sure(answer.every) };
  },
});
