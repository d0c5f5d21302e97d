import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSandbox, type Sandbox } from "../sandbox.ts";
import { getJson, postRecords } from "../testing/post-events.ts";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await createSandbox({ tenants: { a: "cust_a", b: "cust_b" } });
});
afterAll(() => sandbox.close());

const NOON = Date.UTC(2026, 5, 1, 12);

const sent = fc.record({
  tenant: fc.constantFrom("a", "b"),
  seq: fc.integer({ min: 1, max: 90 }),
});

// Content follows from the identity, so that every repeat is a duplicate and no conflict.
const recordOf = ({ tenant, seq }: { tenant: string; seq: number }) => ({
  meter_id: "page.processed.basic",
  customer_id: `cust_${tenant}`,
  total_usage: seq,
  event_time: NOON + seq,
  metadata: {
    "meter.event_id": `id-${String(seq).padStart(3, "0")}`,
    "meter.tenant_id": tenant,
    "meter.producer": tenant,
    "meter.seq": String(seq),
  },
});

test("however events are repeated, ordered and batched: each identity counts once, and gaps are what never came", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(sent, { minLength: 1, maxLength: 130 }), { minLength: 1, maxLength: 4 }),
      async (batches) => {
        await fetch(`${sandbox.url}/sandbox/v1/reset`, { method: "POST" });
        for (const batch of batches) await postRecords(sandbox.url, batch.map(recordOf));

        const gaps = await getJson(sandbox.url, "/sandbox/v1/gaps");
        const expectedGaps: unknown[] = [];
        for (const tenant of ["a", "b"]) {
          const all = batches.flat().filter((event) => event.tenant === tenant);
          const seqs = new Set(all.map((event) => event.seq));
          if (seqs.size === 0) continue;
          const highest = Math.max(...seqs);
          expectedGaps.push(
            expect.objectContaining({ producer: tenant, highest, missing: highest - seqs.size }),
          );
          expect(sandbox.usage({ tenant_id: tenant })).toMatchObject([
            {
              events: seqs.size,
              total_usage: [...seqs].reduce((sum, seq) => sum + seq, 0),
              duplicates: all.length - seqs.size,
              conflicts: 0,
            },
          ]);
          const ledger = await getJson(
            sandbox.url,
            `/sandbox/v1/ledger/ids?tenant_id=${tenant}&meter_id=page.processed.basic&hour=${NOON}`,
          );
          const ids = [...seqs].map((seq) => `id-${String(seq).padStart(3, "0")}`);
          expect(ledger).toEqual({ ids: expect.arrayContaining(ids), without_id: 0 });
        }
        expect(gaps).toEqual({ producers: expect.arrayContaining(expectedGaps) });
      },
    ),
    { numRuns: 40 },
  );
});
