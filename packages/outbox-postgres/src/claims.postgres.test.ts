import { logOutbox } from "@meter-lib/core/store";
import { expect, inject, test } from "vitest";
import { querySql } from "../test/postgres-server.ts";
import { connectTo, schemaPlace } from "../test/schema-place.ts";
import { postgresStore } from "./postgres-store.ts";

const TENANTS = 100;

test("a claim from many tenants reads their events at once", async () => {
  const url = inject("postgresUrl");
  const place = await schemaPlace();
  let queries = 0;
  const connect = async () => {
    const client = await connectTo(url);
    const query = client.query.bind(client);
    return {
      query: (text: string, values?: unknown[]): Promise<unknown> => {
        queries++;
        return values === undefined ? query(text) : query(text, values);
      },
      on: client.on.bind(client),
      end: () => client.end(),
    };
  };
  /** Two events of each tenant. */
  const arrive = () =>
    querySql(
      url,
      `INSERT INTO "${place.schema}".arrivals (arrival)
      SELECT json_build_object('lane', 'live', 'event', json_build_object(
        'event_id', gen_random_uuid(), 'tenant_id', 'tenant_' || i % ${TENANTS}, 'device_id', 'api', 'meter_id', 'page.processed.basic',
        'type', 'volume', 'event_time', 1768473000000, 'total_usage', 1
      )) FROM generate_series(1, ${2 * TENANTS}) AS i`,
    );
  const log = logOutbox(postgresStore({ ...place.store, connect }), {
    limits: { maxEvents: 1_000, maxBytes: 1e6 },
    bodies: "text",
    tombstones: { windowMs: 1_000, max: 1_000 },
    deadLetters: { maxEvents: 10, maxBytes: 1e6, acknowledgedMs: 0 },
    ledgerMs: 1_000,
  });
  await log.open();
  const claim = async (maxEvents: number) => {
    const before = queries;
    const { segments } = await log.claim({
      now: Date.now(),
      skipTenants: [],
      maxEvents,
      maxBytes: 1e6,
    });
    return { tenants: new Set(segments.map(({ tenant_id }) => tenant_id)).size, queries: queries - before };
  };
  await arrive();
  expect(await claim(TENANTS)).toMatchObject({ tenants: TENANTS });
  // What waits was stored by the first one: nothing of it is known without asking.
  const second = await claim(TENANTS);
  expect(second).toMatchObject({ tenants: TENANTS });
  expect(second.queries).toBeLessThan(10);
  // Two segments of each tenant.
  await arrive();
  await claim(1);
  await arrive();
  await claim(1);
  const both = await claim(4 * TENANTS);
  expect(both).toMatchObject({ tenants: TENANTS });
  expect(both.queries).toBeLessThan(10);
  await log.close();
  await place.dispose();
});
