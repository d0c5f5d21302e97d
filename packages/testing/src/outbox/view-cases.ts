import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { repeatOf, SAMPLE_TIME, sampleEvent, sampleEvents } from "./sample-event.ts";

export const viewCases: readonly ConformanceCase[] = [
  {
    name: "a view says what recording an event would come to, and records nothing",
    needs: "store",
    run: async ({ open, openView }) => {
      const outbox = await open();
      const [pending, acknowledged] = [sampleEvent(), sampleEvent()];
      const [rejected, discarded, timeless] = [
        sampleEvent(),
        sampleEvent(),
        sampleEvent({ timeGiven: false }),
      ];
      const [made] = sampleEvents(1);
      if (made === undefined) throw new Error("one event");
      const known = [pending, acknowledged, rejected, discarded, made];
      await outbox.append([...known, timeless]);
      await outbox.lease([acknowledged, rejected, discarded]);
      await outbox.acknowledge([acknowledged]);
      await outbox.bury([rejected, discarded]);
      await outbox.outbox.discard({ state: "rejected", event_ids: [discarded.event_id] }, "not worth it");
      const before = await outbox.figures();

      const view = await openView();
      const recognized = async (events: readonly ReturnType<typeof repeatOf>[]) =>
        view.recognize(events.map(({ event }) => event));
      const others = known.map((event) => repeatOf(event, { total_usage: 99 }));
      expect(await recognized(known)).toEqual(known.map(() => "repeat"));
      expect(await recognized(others)).toEqual(known.map(() => "conflict"));
      const fresh = [sampleEvent(), repeatOf(pending, { tenant_id: "tenant-2" }), ...sampleEvents(1)];
      expect(await recognized([...fresh, ...fresh])).toEqual([...fresh, ...fresh].map(() => "new"));
      const { event_time: _, ...withoutTime } = timeless.event;
      expect(
        await view.recognize([withoutTime, { ...withoutTime, event_time: SAMPLE_TIME }]),
        "a time that the caller gave tells two events apart",
      ).toEqual(["repeat", "conflict"]);

      expect(await outbox.figures(), "nothing was stored").toEqual(before);
      // The outbox answers the same.
      const answers = await outbox.append([...known.map((event) => repeatOf(event)), ...others, ...fresh]);
      expect(answers.map(({ state }) => state)).toEqual([
        ...known.map(() => "repeat"),
        ...known.map(() => "conflict"),
        ...fresh.map(() => "recorded"),
      ]);
    },
  },
  {
    name: "a view of a living owner's outbox sees its events, and leaves them to it",
    needs: "store",
    run: async ({ open, openView }) => {
      const outbox = await open();
      const events = sampleEvents(3);
      await outbox.append(events, { hold: true });
      const view = await openView();
      expect((await view.list({})).map(({ event }) => event.event_id)).toEqual(
        events.map(({ event_id }) => event_id),
      );
      expect(await view.accounts()).toMatchObject({ recorded: 3, pending: 3 });
      const other = await open();
      expect(await other.claimIds()).toEqual([]);
      await outbox.lease(events);
      await outbox.acknowledge(events);
      expect(await outbox.figures()).toEqual({ recorded: 3, acknowledged: 3 });
    },
  },
];
