import type { LitewaveCatalog, MeterClient } from "@meter-lib/core";
import { expectTypeOf, test } from "vitest";
import type { HooksClient } from "./hooks-client.ts";
import type { SessionMeterId } from "./use-meter-session.ts";

type Bound<Keys extends "tenant_id" | "device_id"> = MeterClient<LitewaveCatalog, Keys>;

test("a client that knows its tenant and device will do, another will not", () => {
  expectTypeOf<Bound<"tenant_id" | "device_id">>().toExtend<HooksClient<LitewaveCatalog>>();
  expectTypeOf<Bound<"device_id">>().not.toExtend<HooksClient<LitewaveCatalog>>();
});

test("sessions are of the meters that report times", () => {
  expectTypeOf<SessionMeterId>().toEqualTypeOf<"chat.on.time_hours" | "chat.query.time_secs">();
});
