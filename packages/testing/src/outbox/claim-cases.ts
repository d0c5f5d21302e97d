import { expect } from "../expect.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { idsOf } from "./opened-outbox.ts";
import { SAMPLE_TIME, type SampleEvent, sampleEvent, sampleEvents } from "./sample-event.ts";

const ofTenant = (events: readonly SampleEvent[], tenant_id: string) =>
  idsOf(events.filter((event) => event.tenant_id === tenant_id));

export const claimCases: readonly ConformanceCase[] = [
  {
    name: "what is held is not claimed; what nobody holds is, once",
    run: async ({ open }) => {
      const outbox = await open();
      const [held, free] = [sampleEvents(2), sampleEvents(3)];
      await outbox.append(held, { hold: true });
      await outbox.append(free, { hold: false });
      expect(idsOf((await outbox.claim()).events)).toEqual(idsOf(free));
      expect(await outbox.claim()).toMatchObject({ events: [], more: false });
      await outbox.spill(held);
      expect(idsOf((await outbox.claim()).events)).toEqual(idsOf(held));
    },
  },
  {
    name: "oldest first within a tenant, and `more` says that some are left",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(5);
      await outbox.append(events, { hold: false });
      const first = await outbox.claim({ maxEvents: 2 });
      expect(idsOf(first.events)).toEqual(idsOf(events.slice(0, 2)));
      expect(first.more).toBe(true);
      const second = await outbox.claim({ maxEvents: 3 });
      expect(idsOf(second.events)).toEqual(idsOf(events.slice(2)));
      expect(second.more).toBe(false);
    },
  },
  {
    name: "a tenant with few events is not kept waiting by one with many",
    run: async ({ open }) => {
      const outbox = await open();
      const many = sampleEvents(300, { tenant_id: "tenant-a" });
      const few = sampleEvents(2, { tenant_id: "tenant-z" });
      await outbox.append([...many, ...few], { hold: false });
      const { events } = await outbox.claim({ maxEvents: 10 });
      expect(ofTenant(events, "tenant-z")).toEqual(idsOf(few));
      expect(ofTenant(events, "tenant-a"), "what room is left goes to the others").toEqual(
        idsOf(many.slice(0, 8)),
      );
    },
  },
  {
    name: "a tenant with small events is not kept waiting by one with large ones",
    run: async ({ open }) => {
      const outbox = await open();
      const large = sampleEvents(10, { tenant_id: "tenant-a", bytes: 2_500 });
      const small = sampleEvents(1, { tenant_id: "tenant-z", bytes: 250 });
      await outbox.append([...large, ...small], { hold: false });
      const { events } = await outbox.claim({ maxBytes: 5_300 });
      expect(ofTenant(events, "tenant-z")).toEqual(idsOf(small));
      expect(ofTenant(events, "tenant-a")).toEqual(idsOf(large.slice(0, 2)));
    },
  },
  {
    name: "with more tenants than a claim takes events, the claims that follow reach all of them",
    run: async ({ open }) => {
      const outbox = await open();
      const tenants = Array.from({ length: 12 }, (_, index) => `tenant-${index}`);
      for (const tenant_id of tenants) await outbox.append(sampleEvents(20, { tenant_id }), { hold: false });
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
      await outbox.append([...backfill, ...live], { hold: false });
      expect(idsOf((await outbox.claim({ maxEvents: 3 })).events)).toEqual(idsOf(live));
      expect(idsOf((await outbox.claim({ maxEvents: 3 })).events)).toEqual(idsOf(backfill));
    },
  },
  {
    name: "tenants to be skipped are left alone, and are not what `more` means",
    run: async ({ open }) => {
      const outbox = await open();
      const parked = sampleEvents(3, { tenant_id: "tenant-a" });
      const known = sampleEvents(3, { tenant_id: "tenant-b" });
      await outbox.append([...parked, ...known], { hold: false });
      const skipTenants = ["tenant-a", "tenant-x"];
      const first = await outbox.claim({ skipTenants, maxEvents: 2 });
      expect(idsOf(first.events)).toEqual(idsOf(known.slice(0, 2)));
      expect(first.more).toBe(true);
      const second = await outbox.claim({ skipTenants });
      expect(idsOf(second.events)).toEqual(idsOf(known.slice(2)));
      expect(second.more).toBe(false);
      expect(idsOf((await outbox.claim()).events)).toEqual(idsOf(parked));
    },
  },
  {
    name: "claims stay within their bytes, but one event is always taken",
    run: async ({ open }) => {
      const outbox = await open();
      const events = sampleEvents(4, { bytes: 300 });
      await outbox.append(events, { hold: false });
      expect(idsOf((await outbox.claim({ maxBytes: 700 })).events)).toEqual(idsOf(events.slice(0, 2)));
      const { events: one, more } = await outbox.claim({ maxBytes: 10 });
      expect(idsOf(one)).toEqual(idsOf(events.slice(2, 3)));
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
      await outbox.release([sent]);
      await outbox.spill([sent, fresh]);
      const { events } = await outbox.claim();
      expect(events).toMatchObject([
        {
          event_id: sent.event_id,
          key: sent.key,
          attempts: 1,
          first_sent_at: SAMPLE_TIME + 7,
          customer_id: "customer of tenant-1",
        },
        {
          event_id: fresh.event_id,
          key: fresh.key,
          attempts: 0,
          first_sent_at: undefined,
        },
      ]);
    },
  },
  {
    name: "a claimed event can be leased and acknowledged like one that was recorded here",
    run: async ({ open }) => {
      const outbox = await open();
      await outbox.append(sampleEvents(2), { hold: false });
      const { events } = await outbox.claim();
      await outbox.lease(events);
      await outbox.acknowledge(events);
      expect(await outbox.figures()).toEqual({ recorded: 2, acknowledged: 2 });
    },
  },
];
