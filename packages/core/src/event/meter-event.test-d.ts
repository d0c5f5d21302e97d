// What compiles and what does not, for every form of a call. The text after `@ts-expect-error:` must be part of the
// compiler's message; type-tests.test.ts holds it with both compilers.
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { IsEqual } from "type-fest";
import type { Catalog } from "../catalog/catalog.ts";
import type { LitewaveCatalog as Litewave } from "../catalog/litewave-catalog.ts";
import type { MeterClient } from "../client/meter-client.ts";
import type { BoundKeys, MeterEvent, PerformanceMeterId, VolumeMeterId } from "./meter-event.ts";

declare const client: MeterClient<Litewave>;
declare const anyEvent: MeterEvent<Litewave>;
declare const wide: number;
declare const maybe: boolean;
const ids = { tenant_id: "tenant_123", device_id: "us-east-ing1" };
const bound = client.with(ids);

// --- the guide's own calls
client.post({ tenant_id: "t", device_id: "d", meter_id: "page.processed.basic", total_usage: 24 });
client.post({ ...ids, meter_id: "chat.on.time_hours", start_time: 1759791552000 });
client.post({ ...ids, meter_id: "chat.on.time_hours", end_time: 1779799552000 });

// --- meter ids
// @ts-expect-error: Type '"document.basic.page"' is not assignable to type
bound.post({ meter_id: "document.basic.page", total_usage: 24 });
// @ts-expect-error: Did you mean '"page.processed.basic"'?
bound.post({ meter_id: "page.procesed.basic", total_usage: 24 });
// @ts-expect-error: Did you mean '"chat.on.time_hours"'?
bound.post({ meter_id: "chat.on.time_hour", start_time: 1 });
// @ts-expect-error: Type 'string' is not assignable to type
bound.post({ meter_id: String("page.processed.basic"), total_usage: 24 });
// @ts-expect-error: Property 'meter_id' is missing
bound.post({ total_usage: 24 });

// --- volume meters
bound.post({ meter_id: "page.processed.basic", total_usage: 0 });
bound.post({ meter_id: "page.processed.basic", total_usage: wide });
bound.post({
  meter_id: "page.processed.basic",
  total_usage: 1,
  event_time: 1,
  event_id: "e",
  session_id: "s",
});
bound.post({ meter_id: "page.processed.basic", total_usage: 1, metadata: { rule_id: "r" } });
// @ts-expect-error: Type 'number' is not assignable to type 'NonNegativeInteger'
bound.post({ meter_id: "page.processed.basic", total_usage: 2.5 });
// @ts-expect-error: Type 'number' is not assignable to type 'NonNegativeInteger'
bound.post({ meter_id: "page.processed.basic", total_usage: -1 });
// @ts-expect-error: Type 'number' is not assignable to type 'NonNegativeInteger'
bound.post({ meter_id: "page.processed.basic", total_usage: 1e21 });
// @ts-expect-error: Type 'number' is not assignable to type 'NonNegativeInteger'
bound.post({ meter_id: "page.processed.basic", total_usage: 1e-7 });
// @ts-expect-error: Type 'string' is not assignable to type 'number'
bound.post({ meter_id: "page.processed.basic", total_usage: "24" });
// @ts-expect-error: Type 'bigint' is not assignable to type 'number'
bound.post({ meter_id: "page.processed.basic", total_usage: BigInt(24) });
// @ts-expect-error: Property 'total_usage' is missing
bound.post({ meter_id: "page.processed.basic" });
// @ts-expect-error: 'start_time' does not exist in type 'EventInput<LitewaveCatalog
bound.post({ meter_id: "page.processed.basic", total_usage: 1, start_time: 1 });
// @ts-expect-error: 'end_time' does not exist in type 'EventInput<LitewaveCatalog
bound.post({ meter_id: "page.processed.basic", total_usage: 1, end_time: wide });
// @ts-expect-error: 'total_usages' does not exist in type
bound.post({ meter_id: "page.processed.basic", total_usages: 1 });
// NaN and Infinity have the type `number`: the run time refuses them.
bound.post({ meter_id: "page.processed.basic", total_usage: Number.NaN });

// --- performance meters
bound.post({ meter_id: "chat.query.time_secs", start_time: 1, end_time: 2 });
// @ts-expect-error: TimeUnless
bound.post({ meter_id: "chat.on.time_hours" });
// @ts-expect-error: 'total_usage' does not exist in type 'EventInput<LitewaveCatalog
bound.post({ meter_id: "chat.on.time_hours", total_usage: 1, start_time: 1 });
// @ts-expect-error: 'total_usage' does not exist in type 'EventInput<LitewaveCatalog
bound.post({ meter_id: "chat.on.time_hours", total_usage: 1 });
// @ts-expect-error: Type 'Date' is not assignable to type 'number'
bound.post({ meter_id: "chat.on.time_hours", start_time: new Date() });

// --- fields of every event
// @ts-expect-error: Type 'number' is not assignable to type 'string'
bound.post({ meter_id: "page.processed.basic", total_usage: 1, metadata: { pages: 3 } });
// @ts-expect-error: Type 'Date' is not assignable to type 'number'
bound.post({ meter_id: "page.processed.basic", total_usage: 1, event_time: new Date() });
// @ts-expect-error: 'customer_id' does not exist in type
bound.post({ meter_id: "page.processed.basic", total_usage: 1, customer_id: "c" });

// --- ids known only in part
declare const anyVolume: VolumeMeterId<Litewave>;
declare const anyPerformance: PerformanceMeterId<Litewave>;
bound.post({ meter_id: anyVolume, total_usage: wide });
bound.post({ meter_id: anyPerformance, start_time: wide });
bound.post({ meter_id: maybe ? "page.processed.basic" : "page.processed.advanced", total_usage: 3 });
// @ts-expect-error: Type '"chat.on.time_hours"' is not assignable to type '"page.processed.basic"'
bound.post({ meter_id: maybe ? "chat.on.time_hours" : "page.processed.basic", total_usage: 1 });
// @ts-expect-error: Types of property 'meter_id' are incompatible
bound.post({ meter_id: maybe ? "chat.on.time_hours" : "page.processed.basic", start_time: 1 });
// @ts-expect-error: 'start_time' does not exist in type
bound.post({ meter_id: anyVolume, start_time: 1 });
// @ts-expect-error: 'total_usage' does not exist in type
bound.post({ meter_id: anyPerformance, total_usage: 1 });

// --- more ids than the compiler tells apart in a union
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
type Thirty = {
  readonly [K in `count.${"0" | "1" | "2"}${Digit}`]: { readonly type: "volume" };
} & { readonly [K in `time.${"0" | "1" | "2"}${Digit}`]: { readonly type: "performance" } };
declare const thirty: MeterClient<Thirty, "tenant_id" | "device_id">;
declare const anyOfThirty: VolumeMeterId<Thirty>;
thirty.post({ meter_id: anyOfThirty, total_usage: wide });
thirty.post({ meter_id: anyOfThirty, total_usage: 24 });
// @ts-expect-error: NonNegativeInteger
thirty.post({ meter_id: anyOfThirty, total_usage: 2.5 });
// @ts-expect-error: not assignable
thirty.post({ meter_id: maybe ? anyOfThirty : "time.00", total_usage: 24 });

// --- tenant and device
// @ts-expect-error: Property 'tenant_id' is missing
client.post({ device_id: "d", meter_id: "page.processed.basic", total_usage: 1 });
// @ts-expect-error: is missing the following properties from type
client.post({ meter_id: "page.processed.basic", total_usage: 1 });
const ofTenant = client.with({ tenant_id: "t" });
ofTenant.post({ device_id: "d", meter_id: "page.processed.basic", total_usage: 1 });
ofTenant.with({ device_id: "d" }).post({ meter_id: "page.processed.basic", total_usage: 1 });
// @ts-expect-error: Property 'device_id' is missing
ofTenant.post({ meter_id: "page.processed.basic", total_usage: 1 });
bound.post({ tenant_id: "another", meter_id: "page.processed.basic", total_usage: 1 });
declare const perhaps: { readonly tenant_id?: string; readonly device_id: string };
// @ts-expect-error: Property 'tenant_id' is missing
client.with(perhaps).post({ meter_id: "page.processed.basic", total_usage: 1 });
// @ts-expect-error: Type 'number' is not assignable to type 'string'
client.with({ tenant_id: 7 });

// --- recording takes the same events
bound.record({ meter_id: "page.processed.basic", total_usage: 1 });
bound.record(anyEvent);
// @ts-expect-error: Property 'total_usage' is missing
bound.record({ meter_id: "page.processed.basic" });
// @ts-expect-error: NonNegativeInteger
bound.record({ meter_id: "page.processed.basic", total_usage: 2.5 });

// --- several at once
bound.recordAll([{ meter_id: "page.processed.basic", total_usage: 1 }, anyEvent]);
// @ts-expect-error: Did you mean '"page.processed.basic"'?
bound.recordAll([{ meter_id: "page.procesed.basic", total_usage: 1 }]);
// @ts-expect-error: Property 'total_usage' is missing
bound.recordAll([{ meter_id: "page.processed.basic" }]);

// --- clients as arguments
declare const needsTenant: (client: MeterClient<Litewave, "tenant_id">) => void;
declare const needsNothing: (client: MeterClient<Litewave>) => void;
needsTenant(ofTenant);
needsTenant(bound);
needsNothing(bound);
// @ts-expect-error: Property 'tenant_id' is missing
needsTenant(client);
// @ts-expect-error: Property 'tenant_id' is missing
needsTenant(client.with({ device_id: "d" }));
declare const ofExtended: MeterClient<Litewave & { readonly extra: { readonly type: "volume" } }>;
needsNothing(ofExtended);
declare const ofTwo: MeterClient<Pick<Litewave, "page.processed.basic" | "chat.on.time_hours">>;
// @ts-expect-error: missing the following properties
needsNothing(ofTwo);

// --- events built first
const built: MeterEvent<Litewave> = { ...ids, meter_id: "page.processed.basic", total_usage: 1 };
client.post(built);
bound.post(built);
client.post(anyEvent);
declare const someEvents: readonly MeterEvent<Litewave, "tenant_id" | "device_id">[];
for (const event of someEvents) bound.post(event);
declare const anyOfSixty: MeterEvent<Thirty>;
thirty.post(anyOfSixty);
const countPages = (meter_id: VolumeMeterId<Litewave>, total_usage: number): MeterEvent<Litewave> =>
  maybe ? { ...ids, meter_id, total_usage } : { ...ids, meter_id: "chat.on.time_hours", start_time: 1 };
client.post(countPages("page.processed.basic", 3));
// @ts-expect-error: not assignable
client.post(someEvents[0] ?? { device_id: "d", meter_id: "page.processed.basic", total_usage: 1 });
// @ts-expect-error: 'start_time' does not exist in type
const timed: MeterEvent<Litewave> = { ...ids, meter_id: "page.processed.basic", start_time: 1 };
client.post(timed);

// --- metadata schemas
type Schema<Input> = StandardSchemaV1<Input, Readonly<Record<string, string | undefined>>>;
type WithSchemas = {
  readonly "rule.run": {
    readonly type: "volume";
    readonly metadata: Schema<{ rule_id: string; note?: string | undefined }>;
  };
  readonly "gpu.on": {
    readonly type: "performance";
    readonly metadata: Schema<{ model?: "small" | "large" }>;
  };
  readonly "page.read": { readonly type: "volume" };
};
declare const checked: MeterClient<WithSchemas, "tenant_id" | "device_id">;
checked.post({ meter_id: "rule.run", total_usage: 1, metadata: { rule_id: "r" } });
checked.post({ meter_id: "rule.run", total_usage: 1, metadata: { rule_id: "r", note: "n" } });
checked.post({ meter_id: "gpu.on", start_time: 1 });
checked.post({ meter_id: "gpu.on", start_time: 1, metadata: { model: "small" } });
checked.post({ meter_id: "page.read", total_usage: 1, metadata: { anything: "goes" } });
// @ts-expect-error: Property 'metadata' is missing
checked.post({ meter_id: "rule.run", total_usage: 1 });
// @ts-expect-error: Property 'rule_id' is missing
checked.post({ meter_id: "rule.run", total_usage: 1, metadata: {} });
// @ts-expect-error: Type 'number' is not assignable to type 'string'
checked.post({ meter_id: "rule.run", total_usage: 1, metadata: { rule_id: 7 } });
// @ts-expect-error: 'rule' does not exist in type
checked.post({ meter_id: "rule.run", total_usage: 1, metadata: { rule_id: "r", rule: "r" } });
// @ts-expect-error: Type '"medium"' is not assignable to type '"
checked.post({ meter_id: "gpu.on", start_time: 1, metadata: { model: "medium" } });
declare const ruleOrPage: "rule.run" | "page.read";
checked.post({ meter_id: ruleOrPage, total_usage: 1, metadata: { rule_id: "r" } });
// @ts-expect-error: not assignable
checked.post({ meter_id: ruleOrPage, total_usage: 1 });
declare const anyChecked: MeterEvent<WithSchemas, "tenant_id" | "device_id">;
checked.post(anyChecked);
// @ts-expect-error: not assignable
const unchecked: MeterEvent<WithSchemas> = { ...ids, meter_id: "rule.run", total_usage: 1 };
checked.post(unchecked);

void checked.startSession({ meter_id: "gpu.on" });
void checked.startSession({ meter_id: "gpu.on", metadata: { model: "small" } });
// @ts-expect-error: Type '"medium"' is not assignable to type '"
void checked.startSession({ meter_id: "gpu.on", metadata: { model: "medium" } });
void bound.startSession({ meter_id: "chat.on.time_hours", metadata: { anything: "goes" } });
// @ts-expect-error: Type 'number' is not assignable to type 'string'
void bound.startSession({ meter_id: "chat.on.time_hours", metadata: { room: 1 } });

type ThirtySchemas = {
  readonly [K in `rule.${"0" | "1" | "2"}${Digit}`]: {
    readonly type: "volume";
    readonly metadata: Schema<{ rule_id: string }>;
  };
} & { readonly "page.read": { readonly type: "volume" } };
declare const thirtyRules: MeterClient<ThirtySchemas, "tenant_id" | "device_id">;
declare const anyRule: VolumeMeterId<ThirtySchemas>;
declare const anyRuleEvent: MeterEvent<ThirtySchemas, "tenant_id" | "device_id">;
thirtyRules.post({ meter_id: anyRule, total_usage: 1, metadata: { rule_id: "r" } });
thirtyRules.post(anyRuleEvent);
// @ts-expect-error: not assignable
thirtyRules.post({ meter_id: anyRule, total_usage: 1 });

// --- a catalog known only at run time: its ids are text, its fields are checked at run time
declare const runtime: MeterClient<Catalog, "tenant_id" | "device_id">;
declare const runtimeEvent: MeterEvent<Catalog, "tenant_id" | "device_id">;
runtime.post({ meter_id: "anything", total_usage: 1 });
runtime.post({ meter_id: String("any"), start_time: 1, end_time: 2, metadata: { a: "b" } });
runtime.post(runtimeEvent);
// @ts-expect-error: NonNegativeInteger
runtime.post({ meter_id: "anything", total_usage: 2.5 });
// @ts-expect-error: 'total' does not exist in type
runtime.post({ meter_id: "anything", total: 1 });

// --- literal ids whose meters are known only at run time
declare const half: MeterClient<Record<"a" | "b", Catalog[string]>, "tenant_id" | "device_id">;
half.post({ meter_id: "a", total_usage: 1 });
half.post({ meter_id: "a", start_time: 1 });
// @ts-expect-error: Type '"c"' is not assignable to type
half.post({ meter_id: "c", total_usage: 1 });

// --- undefined is as good as absent
declare const optional: { readonly event_time: number | undefined; readonly event_id: string | undefined };
bound.post({ ...optional, meter_id: "page.processed.basic", total_usage: 1 });
bound.post({ meter_id: "chat.on.time_hours", start_time: 1, end_time: undefined });
bound.post({ meter_id: "page.processed.basic", total_usage: 1, tenant_id: undefined, metadata: undefined });
// @ts-expect-error (with strictNullChecks): 'undefined'
bound.post({ meter_id: "page.processed.basic", total_usage: undefined });

// --- what the helper types say
const is = <_T extends true>(): void => undefined;
is<IsEqual<PerformanceMeterId<Litewave>, "chat.on.time_hours" | "chat.query.time_secs">>();
is<IsEqual<VolumeMeterId<WithSchemas>, "rule.run" | "page.read">>();
is<IsEqual<VolumeMeterId<Catalog>, string>>();
is<IsEqual<BoundKeys<{ tenant_id: "t"; other: 1 }>, "tenant_id">>();
is<IsEqual<BoundKeys<{ tenant_id?: "t" }>, never>>();

// --- corrections
bound.cancel("e", "wrong");
bound.amend("e", { meter_id: "page.processed.basic", total_usage: 3 }, "wrong");
bound.amend("e", { meter_id: "page.processed.basic", metadata: { rule_id: "r" } }, "wrong");
bound.amend("e", { meter_id: "chat.on.time_hours", end_time: 3 }, "wrong");
// @ts-expect-error: Expected 3 arguments, but got 2
bound.amend("e", { meter_id: "page.processed.basic", total_usage: 3 });
// @ts-expect-error: 'end_time' does not exist in type
bound.amend("e", { meter_id: "page.processed.basic", end_time: 3 }, "wrong");
// @ts-expect-error: Type 'number' is not assignable to type 'NonNegativeInteger'
bound.amend("e", { meter_id: "page.processed.basic", total_usage: 2.5 }, "wrong");
// @ts-expect-error: 'tenant_id' does not exist in type
bound.amend("e", { meter_id: "page.processed.basic", tenant_id: "t" }, "wrong");
