import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { SAMPLE_TIME, sampleEvent, sampleEvents } from "./sample-event.ts";

export const settlementCases: readonly ConformanceCase[] = [
  {
    name: "a leased event is in flight, with its customer, attempts and first time of sending",
    run: async ({ open }) => {
      const outbox = await open();
      const event = sampleEvent();
      await outbox.append([event]);
      expect(await outbox.list()).toMatchObject([
        { key: event.key, state: "pending", attempts: 0, first_sent_at: undefined, customer_id: undefined },
      ]);
      await outbox.lease([event], SAMPLE_TIME + 5);
      expect(await outbox.list()).toMatchObject([
        {
          state: "inflight",
          attempts: 1,
          first_sent_at: SAMPLE_TIME + 5,
          customer_id: "customer of tenant-1",
          recorded_at: SAMPLE_TIME,
        },
      ]);
      expect(await outbox.figures(), "on the way is pending").toEqual({ recorded: 1, pending: 1 });
    },
  },
  {
    name: "a released event is pending again, as its record says",
    run: async ({ open }) => {
      const outbox = await open();
      const [unsure, notSent] = sampleEvents(2);
      if (unsure === undefined || notSent === undefined) throw new Error("two events");
      await outbox.append([unsure, notSent]);
      await outbox.lease([unsure, notSent], SAMPLE_TIME);
      notSent.firstSentAt = undefined;
      await outbox.commit({ release: [unsure, notSent] });
      expect(await outbox.list()).toMatchObject([
        { event: { event_id: unsure.event_id }, state: "pending", attempts: 1, first_sent_at: SAMPLE_TIME },
        { event: { event_id: notSent.event_id }, state: "pending", attempts: 1, first_sent_at: undefined },
      ]);
    },
  },
  {
    name: "acknowledged events are gone from the list and counted",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(5);
      await outbox.append(events);
      await outbox.lease(events.slice(0, 4));
      await outbox.acknowledge(events.slice(0, 3));
      expect((await outbox.list()).map(({ event }) => event.event_id)).toEqual(
        events.slice(3).map(({ event_id }) => event_id),
      );
      expect(await outbox.figures()).toEqual({ recorded: 5, acknowledged: 3, pending: 2 });
    },
  },
  {
    name: "one transaction settles, records and leases",
    run: async ({ open }) => {
      const outbox = await open();
      const [sent, failed, refused, waiting] = sampleEvents(4);
      if (!sent || !failed || !refused || !waiting) throw new Error("four events");
      await outbox.append([sent, failed, refused, waiting]);
      await outbox.lease([sent, failed, refused]);
      const added = sampleEvent({ meter_id: "storage" });
      waiting.attempts = 1;
      waiting.firstSentAt = SAMPLE_TIME;
      waiting.customer_id = "customer";
      const { appended } = await outbox.commit({
        acknowledge: [sent],
        release: [failed],
        bury: [{ event: refused, state: "quarantined", reason: "timeout", status: undefined }],
        append: [{ event: added, hold: true }],
        lease: [waiting],
      });
      expect(appended).toMatchObject([{ state: "recorded", seq: 5 }]);
      expect((await outbox.list()).map(({ event, state }) => [event.event_id, state])).toEqual([
        [failed.event_id, "pending"],
        [refused.event_id, "quarantined"],
        [waiting.event_id, "inflight"],
        [added.event_id, "pending"],
      ]);
      const { meters } = await outbox.accounts();
      expect(meters.api_calls).toMatchObject({ recorded: 4, acknowledged: 1, pending: 2, quarantined: 1 });
      expect(meters.storage).toMatchObject({ recorded: 1, pending: 1 });
    },
  },
  {
    name: "an empty transaction changes nothing",
    run: async ({ open }) => {
      const outbox = await open();
      await outbox.append([sampleEvent({ bytes: 123 })]);
      expect(await outbox.commit({})).toEqual({
        appended: [],
        sessions: [],
        pendingEvents: 1,
        pendingBytes: 123,
      });
    },
  },
  {
    name: "a transaction as large as a backlog is carried out",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(2_000);
      await outbox.append(events);
      await outbox.lease(events);
      await outbox.acknowledge(events.slice(0, 1_999));
      expect(await outbox.figures()).toEqual({ recorded: 2_000, acknowledged: 1_999, pending: 1 });
    },
  },
];
