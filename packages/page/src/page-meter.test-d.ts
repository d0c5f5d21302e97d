import type { Catalog } from "@meter-lib/core";
import { expectTypeOf, test } from "vitest";
import { createVolatileBrowserMeter } from "./create-volatile-browser-meter.ts";

const meter = createVolatileBrowserMeter({ relayUrl: "/meter", tenant_id: "tenant_123" });

test("calls are checked by the catalog", () => {
  meter.record({ meter_id: "page.processed.basic", total_usage: 1 });
  meter.record({ meter_id: "chat.on.time_hours", start_time: 1 });
  // @ts-expect-error no such meter
  meter.record({ meter_id: "page.processed.best", total_usage: 1 });
  // @ts-expect-error a volume meter counts
  meter.record({ meter_id: "page.processed.basic" });
  // @ts-expect-error not a whole number
  meter.record({ meter_id: "page.processed.basic", total_usage: 2.5 });
  // @ts-expect-error a performance meter reports times
  meter.record({ meter_id: "chat.on.time_hours", total_usage: 1 });
  // @ts-expect-error sessions are of performance meters
  void meter.startSession({ meter_id: "page.processed.basic" });
});

test("a catalog of one's own is known by its literals", () => {
  const catalog = { "call.on": { type: "performance" } } as const satisfies Catalog;
  const own = createVolatileBrowserMeter({ relayUrl: "/meter", tenant_id: "tenant_123", catalog });
  own.record({ meter_id: "call.on", end_time: 1 });
  // @ts-expect-error not in this catalog
  own.record({ meter_id: "page.processed.basic", total_usage: 1 });
});

test("time() answers what the work does", () => {
  expectTypeOf(meter.time({ meter_id: "chat.query.time_secs" }, () => 7)).toEqualTypeOf<Promise<number>>();
});
