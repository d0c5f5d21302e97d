import { expect, test } from "vitest";
import { acknowledged, keepingClient } from "../../test/refuted-client.ts";
import { pipelineLedger } from "./pipeline-ledger.ts";

test("rows as drivers give them, numbers as text", async () => {
  await using client = keepingClient();
  await acknowledged(client, 3);
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const asked: unknown[] = [];
  const backend = pipelineLedger({
    table: "metering.usage",
    query: async (text, values) => {
      asked.push(text.includes('FROM "metering"."usage" WHERE'), values);
      const key = { tenant_id: "tenant_123", meter_id: "page.processed.basic" };
      return [{ ...key, hour: String(hour), events: "3", total_usage: "3" }];
    },
  });
  const result = await client.reconcile(backend, { from: hour, to: hour + 3_600_000 });
  expect(result).toMatchObject({ agrees: true, by: "sums", compared: 1 });
  expect(asked).toEqual([true, [hour, hour + 3_600_000]]);
});

test("the name of a table is no place for more", () => {
  expect(() => pipelineLedger({ table: 'usage"; DROP', query: async () => [] })).toThrow("table: ");
});
