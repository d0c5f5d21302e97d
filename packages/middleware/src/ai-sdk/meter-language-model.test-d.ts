// What compiles and what does not: the meters are those of the client's own catalog.
import { defineCatalog, type MeterClient } from "@meter-lib/core";
import { wrapLanguageModel } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { meterLanguageModel } from "../ai-sdk.ts";
import { meterContext } from "../context.ts";

const catalog = defineCatalog({ "llm.tokens": { type: "volume" }, "llm.time": { type: "performance" } });
declare const client: MeterClient<typeof catalog, "tenant_id" | "device_id">;
declare const withoutTenant: MeterClient<typeof catalog, "device_id">;
declare const litewave: MeterClient;

const middleware = meterLanguageModel({ client, meters: { inputTokens: "llm.tokens", time: "llm.time" } });
wrapLanguageModel({ model: new MockLanguageModelV4(), middleware });
const { currentMeter, findMeter } = meterContext(withoutTenant);
meterLanguageModel({ client: currentMeter, meters: { totalTokens: "llm.tokens" } });
meterLanguageModel({ client: findMeter, meters: { reasoningTokens: "llm.tokens" } });
meterLanguageModel({
  client: () => litewave.with({ tenant_id: "t", device_id: "d" }),
  meters: { time: "chat.query.time_secs" },
});

// @ts-expect-error: no meter of this catalog
meterLanguageModel({ client, meters: { inputTokens: "llm.token" } });
// @ts-expect-error: a meter that reports times counts no tokens
meterLanguageModel({ client, meters: { inputTokens: "llm.time" } });
// @ts-expect-error: a meter that counts reports no times
meterLanguageModel({ client, meters: { time: "llm.tokens" } });
// @ts-expect-error: no such number
meterLanguageModel({ client, meters: { promptTokens: "llm.tokens" } });
// @ts-expect-error: nobody knows whom to bill
meterLanguageModel({ client: withoutTenant, meters: { inputTokens: "llm.tokens" } });
// @ts-expect-error: a function that answers no client
meterLanguageModel({ client: () => "tenant_123", meters: { inputTokens: "llm.tokens" } });
