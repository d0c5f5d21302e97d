import type { EventRecord } from "@meter-lib/core";
import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { SAMPLE_TIME, sampleEvent, sampleEvents } from "./sample-event.ts";

const ids = (events: readonly EventRecord[]) => events.map(({ event_id }) => event_id);

const ofTenant = (events: readonly EventRecord[], tenant_id: string) =>
  ids(events.filter((event) => event.tenant_id === tenant_id));

export const claimCases: readonly ConformanceCase[] = [
  {
    name: "what is held is not claimed; what nobody holds is, once",
    run: async ({ open }) => {
      const outbox = await open();
      const [held, free] = [sampleEvents(2), sampleEvents(3)];
      await outbox.append(held, true);
      await outbox.append(free, false);
      expect(ids((await outbox.claim()).events)).toEqual(ids(free));
      expect(await outbox.claim()).toEqual({ events: [], more: false });
      await outbox.commit({ unhold: held });
      expect(ids((await outbox.claim()).events)).toEqual(ids(held));
    },
  },
  {
    name: "oldest first within a tenant, and `more` says that some are left",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(5);
      await outbox.append(events, false);
      const first = await outbox.claim({ maxEvents: 2 });
      expect(ids(first.events)).toEqual(ids(events.slice(0, 2)));
      expect(first.more).toBe(true);
      const second = await outbox.claim({ maxEvents: 3 });
      expect(ids(second.events)).toEqual(ids(events.slice(2)));
      expect(second.more).toBe(false);
    },
  },
  {
    name: "a tenant with few events is not kept waiting by one with many",
    run: async ({ open }) => {
      const outbox = await open();
      const many = sampleEvents(300, { tenant_id: "tenant-a" });
      const few = sampleEvents(2, { tenant_id: "tenant-z" });
      await outbox.append([...many, ...few], false);
      const { events } = await outbox.claim({ maxEvents: 10 });
      expect(ofTenant(events, "tenant-z")).toEqual(ids(few));
      expect(ofTenant(events, "tenant-a"), "what room is left goes to the others").toEqual(
        ids(many.slice(0, 8)),
      );
    },
  },
  {
    name: "a tenant with small events is not kept waiting by one with large ones",
    run: async ({ open }) => {
      const outbox = await open();
      const large = sampleEvents(10, { tenant_id: "tenant-a", bytes: 500 });
      const small = sampleEvents(1, { tenant_id: "tenant-z", bytes: 100 });
      await outbox.append([...large, ...small], false);
      const { events } = await outbox.claim({ maxBytes: 1_100 });
      expect(ofTenant(events, "tenant-z")).toEqual(ids(small));
      expect(ofTenant(events, "tenant-a")).toEqual(ids(large.slice(0, 2)));
    },
  },
  {
    name: "with more tenants than a claim takes events, the claims that follow reach all of them",
    run: async ({ open }) => {
      const outbox = await open();
      const tenants = Array.from({ length: 12 }, (_, index) => `tenant-${index}`);
      for (const tenant_id of tenants) await outbox.append(sampleEvents(20, { tenant_id }), false);
      const served = new Set<string>();
      for (let turn = 0; turn < 4; turn++) {
        for (const { tenant_id } of (await outbox.claim({ maxEvents: 6 })).events) served.add(tenant_id);
      }
      expect(served.size).toBe(12);
    },
  },
  {
    name: "live events leave before backfill",
    run: async ({ open }) => {
      const outbox = await open();
      const backfill = sampleEvents(3, { lane: "backfill" });
      const live = sampleEvents(3, { tenant_id: "tenant-2" });
      await outbox.append([...backfill, ...live], false);
      expect(ids((await outbox.claim({ maxEvents: 3 })).events)).toEqual(ids(live));
      expect(ids((await outbox.claim({ maxEvents: 3 })).events)).toEqual(ids(backfill));
    },
  },
  {
    name: "tenants to be skipped are left alone, and are not what `more` means",
    run: async ({ open }) => {
      const outbox = await open();
      const parked = sampleEvents(3, { tenant_id: "tenant-a" });
      const known = sampleEvents(3, { tenant_id: "tenant-b" });
      await outbox.append([...parked, ...known], false);
      const skipTenants = ["tenant-a", "tenant-x"];
      const first = await outbox.claim({ skipTenants, maxEvents: 2 });
      expect(ids(first.events)).toEqual(ids(known.slice(0, 2)));
      expect(first.more).toBe(true);
      const second = await outbox.claim({ skipTenants });
      expect(ids(second.events)).toEqual(ids(known.slice(2)));
      expect(second.more).toBe(false);
      expect(ids((await outbox.claim()).events)).toEqual(ids(parked));
    },
  },
  {
    name: "claims stay within their bytes, but one event is always taken",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(4, { bytes: 300 });
      await outbox.append(events, false);
      expect(ids((await outbox.claim({ maxBytes: 700 })).events)).toEqual(ids(events.slice(0, 2)));
      const { events: one, more } = await outbox.claim({ maxBytes: 10 });
      expect(ids(one)).toEqual(ids(events.slice(2, 3)));
      expect(more).toBe(true);
    },
  },
  {
    name: "an event that may have been sent says so when it is claimed again",
    run: async ({ open }) => {
      const outbox = await open();
      const [sent, fresh] = [sampleEvent(), sampleEvent()];
      await outbox.append([sent, fresh]);
      await outbox.lease([sent], SAMPLE_TIME + 7);
      await outbox.commit({ release: [sent] });
      await outbox.commit({ unhold: [sent, fresh] });
      const { events } = await outbox.claim();
      expect(events).toMatchObject([
        {
          event_id: sent.event_id,
          key: sent.key,
          attempts: 1,
          firstSentAt: SAMPLE_TIME + 7,
          customer_id: "customer of tenant-1",
        },
        { event_id: fresh.event_id, key: fresh.key, attempts: 0, firstSentAt: undefined, customer_id: "" },
      ]);
    },
  },
  {
    name: "a claimed event can be leased and acknowledged like one that was recorded here",
    run: async ({ open }) => {
      const outbox = await open();
      await outbox.append(sampleEvents(2), false);
      const { events } = await outbox.claim();
      await outbox.lease(events);
      await outbox.acknowledge(events);
      expect(await outbox.figures()).toEqual({ recorded: 2, acknowledged: 2 });
    },
  },
];
