import type { Store } from "@meter-lib/core/store";
import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { idsOf } from "./opened-outbox.ts";
import { type SampleEvent, sampleEvents } from "./sample-event.ts";

/** Simulates a disk fault in the stored text of an event. Does nothing if events are not stored as text. */
const damage = (store: Store, { event_id }: SampleEvent) =>
  store.transact(async (tx) => {
    let isHit = false;
    for (const [id, body] of await tx.range("bodies", {})) {
      if (typeof body !== "string" || !body.includes(event_id)) continue;
      tx.put("bodies", id, body.replace(`"${event_id}"`, `"${event_id}`));
      isHit = true;
    }
    return isHit;
  });

export const damageCases: readonly ConformanceCase[] = [
  {
    name: "a damaged event becomes a dead letter, and its neighbours are delivered",
    needs: "store",
    run: async ({ openForgetful }) => {
      const { outbox, store } = await openForgetful();
      const events = sampleEvents(4, { meter_id: "storage" });
      const [, hit] = events;
      if (hit === undefined) throw new Error("four events");
      await outbox.append(events, { hold: false });
      if (!(await damage(store, hit))) return;
      const { events: claimed } = await outbox.claim();
      expect(claimed.map(({ key, event }) => ({ key, event }))).toEqual(
        events.filter((event) => event !== hit).map(({ key, event }) => ({ key, event })),
      );
      await outbox.acknowledge(claimed);
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 3, rejected: 1 });
      expect(await outbox.list({ state: "rejected" })).toMatchObject([
        {
          key: hit.key,
          reason: "the stored event is damaged",
          event: { event_id: hit.event_id, meter_id: "storage" },
        },
      ]);
      expect(await outbox.outbox.discard({ state: "rejected" }, "unreadable")).toBe(1);
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 3, discarded: 1 });
    },
  },
  {
    name: "damage to what was claimed or has ended does not move the events that are left",
    needs: "store",
    run: async ({ openForgetful }) => {
      const { outbox, store } = await openForgetful();
      const events = sampleEvents(6);
      await outbox.append(events, { hold: false });
      const { events: first } = await outbox.claim({ maxEvents: 2 });
      await outbox.acknowledge(first);
      for (const event of first) await damage(store, event);
      const { events: rest } = await outbox.claim();
      expect(idsOf(rest)).toEqual(idsOf(events.slice(2)));
      expect(rest.map(({ key, seq }) => [key, seq])).toEqual(
        events.slice(2).map(({ key, seq }) => [key, seq]),
      );
      await outbox.acknowledge(rest);
      expect(await outbox.figures()).toEqual({ recorded: 6, acknowledged: 6 });
    },
  },
];
