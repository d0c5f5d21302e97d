// What compiles and what does not, for catalogs; read like event/meter-event.test-d.ts.

import type { IsEqual } from "type-fest";
import * as v from "valibot";
import type { MeterClient } from "../client/meter-client.ts";
import type { PerformanceMeterId, VolumeMeterId } from "../event/meter-event.ts";
import type { Catalog, MeterId } from "./catalog.ts";
import { defineCatalog } from "./define-catalog.ts";
import { extendCatalog } from "./extend-catalog.ts";
import { litewaveCatalog } from "./litewave-catalog.ts";
import { parseCatalog } from "./parse-catalog.ts";

type ClientOf<C extends Catalog> = MeterClient<C, "tenant_id" | "device_id">;
const is = <_T extends true>(): void => undefined;

// --- the built-in catalog is literal
is<IsEqual<(typeof litewaveCatalog)["document.storage.size_gb"]["aggregation"], "last">>();
is<IsEqual<(typeof litewaveCatalog)["page.processed.basic"]["name"], "Basic Document Scanning">>();

// --- defineCatalog keeps ids, types and schemas
const own = defineCatalog({
  "image.resized": { type: "volume", unit: "image", aggregation: "max" },
  "gpu.on": { type: "performance", metadata: v.object({ model: v.string(), zone: v.optional(v.string()) }) },
});
declare const ownClient: ClientOf<typeof own>;
is<IsEqual<VolumeMeterId<typeof own>, "image.resized">>();
is<IsEqual<PerformanceMeterId<typeof own>, "gpu.on">>();
ownClient.post({ meter_id: "gpu.on", start_time: 1, metadata: { model: "m" } });
// @ts-expect-error: Property 'model' is missing
ownClient.post({ meter_id: "gpu.on", start_time: 1, metadata: {} });
// @ts-expect-error: is missing in type
ownClient.post({ meter_id: "gpu.on", start_time: 1 });
// @ts-expect-error: Type '"volumes"' is not assignable to type
defineCatalog({ a: { type: "volumes" } });
// @ts-expect-error: Property 'type' is missing
defineCatalog({ a: { unit: "page" } });
// @ts-expect-error: Type '"avg"' is not assignable to type
defineCatalog({ a: { type: "volume", aggregation: "avg" } });
// @ts-expect-error: is not assignable to type 'string
defineCatalog({ a: { type: "volume", metadata: v.object({ pages: v.number() }) } });

// --- extendCatalog adds meters, and only adds
const extended = extendCatalog(litewaveCatalog, { "document.basic.page": { type: "volume", unit: "page" } });
declare const extendedClient: ClientOf<typeof extended>;
extendedClient.post({ meter_id: "document.basic.page", total_usage: 24 });
extendedClient.post({ meter_id: "chat.on.time_hours", start_time: 1 });
// @ts-expect-error: Did you mean '"document.basic.page"'?
extendedClient.post({ meter_id: "document.basic.pages", total_usage: 24 });
// @ts-expect-error: AlreadyInCatalog
extendCatalog(litewaveCatalog, { "page.processed.basic": { type: "volume" } });
const twice = extendCatalog(extended, own);
is<IsEqual<PerformanceMeterId<typeof twice>, "chat.on.time_hours" | "chat.query.time_secs" | "gpu.on">>();

// --- a catalog known only at run time has any id, and can be extended or extend
const parsed = parseCatalog(JSON.parse("{}"));
is<IsEqual<MeterId<typeof parsed>, string>>();
declare const parsedClient: ClientOf<typeof parsed>;
parsedClient.post({ meter_id: "anything", total_usage: 1 });
const mixed = extendCatalog(parsed, { "image.resized": { type: "volume" } });
is<IsEqual<MeterId<typeof mixed>, string>>();
const widened = extendCatalog(litewaveCatalog, parsed);
is<IsEqual<MeterId<typeof widened>, string>>();
