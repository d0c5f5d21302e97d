import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { SAMPLE_TIME, sampleEvent, sampleEvents } from "./sample-event.ts";

const mine = { tenant_id: "tenant-1" };
const others = { tenant_id: "tenant-2" };

export const eraseCases: readonly ConformanceCase[] = [
  {
    name: "erase takes out what waits and the letters of one tenant, counted as discarded; the others' stay",
    run: async ({ open }) => {
      const outbox = await open();
      const [waiting, letter, done] = [sampleEvent(mine), sampleEvent(mine), sampleEvent(mine)];
      const [theirs, theirLetter] = [sampleEvent(others), sampleEvent(others)];
      await outbox.append([theirs, waiting, letter, theirLetter, done], { hold: false });
      const { events } = await outbox.claim();
      const of = (...ids: readonly string[]) => events.filter(({ event_id }) => ids.includes(event_id));
      await outbox.bury(of(letter.event_id, theirLetter.event_id), "rejected");
      await outbox.acknowledge(of(done.event_id));

      expect(await outbox.outbox.erase("tenant-1", "asked to")).toEqual({
        events: 2,
        onTheirWay: 0,
        sessions: 0,
      });
      expect((await outbox.list()).map(({ event }) => event.event_id)).toEqual([
        theirs.event_id,
        theirLetter.event_id,
      ]);
      expect(await outbox.figures()).toEqual({
        recorded: 5,
        acknowledged: 1,
        pending: 1,
        rejected: 1,
        discarded: 2,
      });
      expect(await outbox.outbox.erase("tenant-1", "asked to")).toMatchObject({ events: 0 });
      expect(await outbox.outbox.redrive({ state: "rejected" })).toBe(1);
      await outbox.acknowledge(of(theirs.event_id));
      const again = await outbox.claim();
      await outbox.acknowledge(again.events);
      expect(await outbox.figures()).toEqual({ recorded: 5, acknowledged: 3, discarded: 2 });
    },
  },
  {
    name: "erase forgets ids: an event of an erased id is a new one, those of others stay repeats",
    run: async ({ open }) => {
      const outbox = await open();
      const events = [sampleEvent(mine), sampleEvent(others)];
      await outbox.append(events);
      await outbox.acknowledge(events);
      await outbox.outbox.erase("tenant-1", "asked to");
      expect(await outbox.append(events)).toMatchObject([{ state: "recorded" }, { state: "repeat" }]);
    },
  },
  {
    name: "erase leaves alone what a live owner has on its way",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(4, mine);
      await outbox.append(events);
      await outbox.lease(events.slice(0, 2));
      expect(await outbox.outbox.erase("tenant-1", "asked to")).toMatchObject({ events: 2, onTheirWay: 2 });
      await outbox.acknowledge(events.slice(0, 2));
      expect(await outbox.figures()).toEqual({ recorded: 4, acknowledged: 2, discarded: 2 });
      expect(await outbox.list()).toEqual([]);
    },
  },
  {
    name: "erase ends the sessions of the tenant",
    run: async ({ open }) => {
      const outbox = await open();
      for (const [session_id, tenant_id] of [
        ["s1", "tenant-1"],
        ["s2", "tenant-2"],
      ] as const)
        await outbox.session({
          change: "open",
          session: {
            session_id,
            tenant_id,
            device_id: "device-1",
            meter_id: "chat.on.time_hours",
            scope: `${tenant_id} device-1 viewing`,
            start_event_id: `${session_id}-start`,
            end_event_id: `${session_id}-end`,
            started_at: SAMPLE_TIME,
            checkpoint_at: SAMPLE_TIME,
            ended_at: undefined,
            metadata: undefined,
          },
        });
      expect(await outbox.outbox.erase("tenant-1", "asked to")).toMatchObject({ sessions: 1 });
      const at = SAMPLE_TIME + 1;
      expect(await outbox.session({ change: "leave", session_id: "s1", at })).toEqual({ state: "gone" });
      expect(await outbox.session({ change: "leave", session_id: "s2", at })).toMatchObject({
        session: { tenant_id: "tenant-2" },
      });
    },
  },
];
