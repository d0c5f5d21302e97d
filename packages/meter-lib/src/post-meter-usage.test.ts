import { defineCatalog, type MeterError } from "@meter-lib/core";
import { afterEach, expect, test, vi } from "vitest";
import { type GoldenRow, golden } from "../../transport-fetch/test/golden.ts";
import { json, loopbackServer } from "../../transport-fetch/test/loopback-server.ts";
import { postAiMeterUsage, postMeterUsage } from "./post-meter-usage.ts";

afterEach(() => vi.unstubAllEnvs());

const OFFSETS = {
  offsets: [{ partition: 0, offset: 1, error_code: null, error: null }],
  key_schema_id: null,
  value_schema_id: null,
};

const backend = () =>
  loopbackServer((response, { method, path }) => {
    if (method === "GET") json(response, 200, [{ id: "cust_001" }]);
    else json(response, 200, path.startsWith("/topics/") ? OFFSETS : { status: "accepted" });
  });

const usage = {
  tenant_id: "tenant_123",
  device_id: "us-east-ing1",
  meter_id: "page.processed.basic",
  total_usage: 24,
} as const;

const NOBODY = "http://127.0.0.1:9";

/** What a version took from the code, the environment says here. */
const environmentOf = ({ version, args }: GoldenRow, url: string): Record<string, string> => ({
  // An argument wins over its variable.
  METER_LIB_BASE_URL: args.kafka_url === undefined ? url : NOBODY,
  METER_LIB_LOOKUP_URL: args.portal_url === undefined ? url : NOBODY,
  METER_LIB_DIALECT: version === "0.0.3" ? "events" : "kafka-rest",
  ...(["0.0.6", "0.0.7", "0.0.8"].includes(version) && args.api_key !== undefined
    ? { METER_LIB_LOOKUP_ROUTE: "portal-key" }
    : {}),
});

const millis = (time: number | string | undefined): number =>
  typeof time === "string" ? Date.parse(time) : Number(time);

const argumentsOf = ({ args }: GoldenRow, url: string) => {
  const { tenant_id, device_id, meter_id, total_usage, timestamp, start_time, end_time, metadata } = args;
  return {
    ...{ tenant_id, device_id, meter_id },
    ...(total_usage === undefined ? {} : { total_usage }),
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(start_time === undefined ? {} : { start_time: millis(start_time) }),
    ...(end_time === undefined ? {} : { end_time: millis(end_time) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(args.kafka_url === undefined ? {} : { kafka_url: url }),
    ...(args.portal_url === undefined ? {} : { portal_url: url }),
    ...(typeof args.api_key === "string" ? { api_key: args.api_key } : {}),
  };
};

// Known at run time only, as the recordings are.
const runtimeCatalog: Record<string, { type: "volume" | "performance" }> = defineCatalog({
  "page.processed.basic": { type: "volume" },
  "rule.executed.small": { type: "volume" },
  "chat.on.time_hours": { type: "performance" },
  "chat.query.time_secs": { type: "performance" },
});

test.each(golden.map((row) => ({ title: `${row.version} ${row.case}`, row })))(
  "the call of Python $title asks, sends and answers as there",
  async ({ row }) => {
    await using server = await backend();
    for (const [name, value] of Object.entries(environmentOf(row, server.url))) vi.stubEnv(name, value);
    const options = { catalog: runtimeCatalog, strictWire: true };
    const given = argumentsOf(row, server.url);

    const answer = await (row.call === "post_ai_meter_usage"
      ? postAiMeterUsage(given, options)
      : postMeterUsage(given, options));

    expect(answer).toEqual(row.version === "0.0.3" ? { status: "accepted" } : OFFSETS);
    expect(server.requests.map(({ method, path }) => [method, path])).toEqual(
      row.requests.map(({ method, path }) => [method, path]),
    );
    for (const [index, recorded] of row.requests.entries())
      expect(server.requests[index]?.headers).toMatchObject(recorded.headers);
    // The versions between send less than these; see docs/guide/from-python.md.
    if (row.version === "0.0.3" || row.version === "0.1.0")
      expect(server.requests.map(({ body }) => (body === "" ? null : JSON.parse(body)))).toEqual(
        row.requests.map(({ body }) => body),
      );
  },
);

test("customers are looked up once for many calls", async () => {
  await using server = await backend();
  vi.stubEnv("METER_LIB_BASE_URL", server.url);

  await postMeterUsage(usage);
  await postMeterUsage(usage);
  await postMeterUsage({ ...usage, total_usage: 3 });

  expect(server.requests.map(({ method }) => method)).toEqual(["GET", "POST", "POST", "POST"]);
});

test("a start_time of 0 is sent", async () => {
  await using server = await backend();
  vi.stubEnv("METER_LIB_BASE_URL", server.url);

  await postAiMeterUsage({
    tenant_id: "tenant_123",
    device_id: "us-east-ing1",
    meter_id: "chat.on.time_hours",
    start_time: 0,
  });

  expect(JSON.parse(server.requests[1]?.body ?? "")).toMatchObject({ start_time: 0 });
});

test("None of Python is null here", async () => {
  await using server = await backend();
  vi.stubEnv("METER_LIB_BASE_URL", server.url);

  const answer = await postMeterUsage({
    ...usage,
    kafka_url: null,
    portal_url: null,
    api_key: null,
    timestamp: null,
  });

  expect(answer).toEqual({ status: "accepted" });
});

/** The answer of a call, and why it is null. */
const failed = async (
  call: (onFailure: (error: MeterError) => void) => Promise<unknown>,
): Promise<{ answer: unknown; code: string | undefined; message: string | undefined }> => {
  let error: MeterError | undefined;
  const answer = await call((why) => {
    error = why;
  });
  return { answer, code: error?.code, message: error?.message };
};

test("null without a base URL, and the reason names the variable", async () => {
  vi.stubEnv("METER_LIB_BASE_URL", undefined);

  const result = await failed((onFailure) => postMeterUsage(usage, { onFailure }));

  expect(result).toMatchObject({ answer: null, code: "invalid_options" });
  expect(result.message).toContain("METER_LIB_BASE_URL");
});

test.each([
  { title: "the lookup finds nobody", lookup: [200, []], events: [200, {}], code: "customer_not_found" },
  { title: "the lookup fails", lookup: [500, {}], events: [200, {}], code: "lookup_failed" },
  { title: "the backend refuses", lookup: [200, [{ id: "c" }]], events: [400, {}], code: "refused" },
  { title: "the backend fails", lookup: [200, [{ id: "c" }]], events: [500, {}], code: "refused" },
] as const)("null when $title", async ({ lookup, events, code }) => {
  await using server = await loopbackServer((response, { method }) => {
    const [status, body] = method === "GET" ? lookup : events;
    json(response, status, body);
  });
  vi.stubEnv("METER_LIB_BASE_URL", server.url);

  expect(await failed((onFailure) => postMeterUsage(usage, { onFailure }))).toMatchObject({
    answer: null,
    code,
  });
});

test("null when nothing listens", async () => {
  const server = await backend();
  await server[Symbol.asyncDispose]();
  vi.stubEnv("METER_LIB_BASE_URL", server.url);

  expect(await failed((onFailure) => postMeterUsage(usage, { onFailure }))).toMatchObject({
    answer: null,
    code: "lookup_failed",
  });
});

test.each([
  ["nothing", undefined],
  ["null", null],
  ["a number", 7],
  ["an unknown meter", { ...usage, meter_id: "document.basic.page" }],
  ["half a page", { ...usage, total_usage: 2.5 }],
  ["neither time", { ...usage, meter_id: "chat.on.time_hours", total_usage: undefined }],
])("null, and no exception, for %s", async (_, input) => {
  vi.stubEnv("METER_LIB_BASE_URL", "http://127.0.0.1:9");

  const result = await failed((onFailure) =>
    Reflect.apply(postMeterUsage, undefined, [input, { onFailure }]),
  );

  expect(result).toMatchObject({ answer: null, code: "invalid_event" });
});

test.each([
  [
    "throws",
    () => {
      throw new Error("from the hook");
    },
  ],
  ["rejects", async () => Promise.reject(new Error("from the hook"))],
])("a hook that %s breaks nothing", async (_, onFailure) => {
  vi.stubEnv("METER_LIB_BASE_URL", undefined);

  const answer = await postMeterUsage(usage, { onFailure });

  expect(answer).toBeNull();
});
