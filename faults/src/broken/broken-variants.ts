import {
  type EventRecord,
  NO_CHANGES,
  type Outbox,
  type OutboxCommit,
  type Transport,
} from "@meter-lib/core";
import { wrapOutbox } from "../../../packages/core/test/wrap-outbox.ts";

/** Deletes a row when it is sent, not when it is acknowledged. */
export const deletesBeforeAcknowledgement = (inner: Outbox): Outbox => {
  const deleted = new Set<EventRecord>();
  const left = (events: readonly EventRecord[]) => events.filter((event) => !deleted.has(event));
  return wrapOutbox(inner, {
    commit: async (changes) => {
      const commit = await inner.commit({
        ...changes,
        acknowledge: left(changes.acknowledge),
        release: left(changes.release),
        bury: changes.bury.filter(({ event }) => !deleted.has(event)),
        lease: left(changes.lease),
        unhold: left(changes.unhold),
      });
      const early = left(changes.lease);
      if (early.length === 0) return commit;
      for (const event of early) deleted.add(event);
      const { pendingEvents, pendingBytes } = await inner.commit({
        ...NO_CHANGES,
        now: changes.now,
        acknowledge: early,
      });
      return { ...commit, pendingEvents, pendingBytes };
    },
  });
};

/** Says that it recorded an event and drops it, for every seventh. */
export const dropsEvents = (inner: Outbox): Outbox => {
  let seen = 0;
  return wrapOutbox(inner, {
    commit: async (changes): Promise<OutboxCommit> => {
      const dropped = new Set(changes.append.filter(() => ++seen % 7 === 0));
      const commit = await inner.commit({
        ...changes,
        append: changes.append.filter((append) => !dropped.has(append)),
      });
      const answers = [...commit.appended];
      return {
        ...commit,
        appended: changes.append.map((append) =>
          dropped.has(append)
            ? { state: "recorded", key: 0, seq: 0 }
            : (answers.shift() ?? { state: "full" }),
        ),
      };
    },
  });
};

/** Forgets to count what was quarantined. */
export const skipsACounter = (inner: Outbox): Outbox =>
  wrapOutbox(inner, {
    accounts: async () => ({ ...(await inner.accounts()), quarantined: 0 }),
  });

/** Gives an event another id when it sends it again. */
export const makesNewIds = (inner: Transport): Transport => {
  const sent = new Set<string>();
  let made = 0;
  return {
    ...inner,
    send: ({ events }, context) =>
      inner.send(
        {
          events: events.map((event) => {
            if (sent.size !== sent.add(event.event_id).size) return event;
            return {
              ...event,
              event_id: `${event.event_id.slice(0, 24)}${String(++made).padStart(12, "0")}`,
            };
          }),
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
    return {
      outcomes: answer.outcomes.map((outcome) =>
        outcome.state === "unsure" ? { state: "retry", reason: outcome.reason } : outcome,
      ),
    };
  },
});
