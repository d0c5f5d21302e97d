import type { PageBatch } from "@meter-lib/core/wire";
import { afterEach, expect, test, vi } from "vitest";
import { createVolatileBrowserMeter } from "./create-volatile-browser-meter.ts";
import type { PageMeterOptions } from "./page-meter-options.ts";

const boom = (): never => {
  throw new Error("boom");
};
const reject = async (): Promise<never> => Promise.reject(new Error("boom"));
const fails = [
  ["throws", boom],
  ["rejects", reject],
] as const;

const accepts: PageMeterOptions["fetch"] = async (_url, init) => {
  const { events }: PageBatch = JSON.parse(String(init?.body));
  return Response.json({ results: events.map(({ event_id }) => ({ event_id, state: "accepted" })) });
};

const meterWith = (options: Partial<PageMeterOptions>) =>
  createVolatileBrowserMeter({
    relayUrl: "https://relay.example.com/meter",
    tenant_id: "tenant_123",
    delivery: { lingerMs: 0, retryCapMs: 1 },
    fetch: accepts,
    ...options,
  });

const USAGE = { meter_id: "page.processed.basic", total_usage: 1 } as const;

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test.each(fails)("token %s: the event waits until there is one", async (_, fail) => {
  const token = vi.fn<() => string | Promise<string>>(() => "token").mockImplementationOnce(fail);
  const meter = meterWith({ token });
  expect(await meter.record(USAGE).settled).toEqual({ state: "acknowledged" });
  expect(token).toHaveBeenCalledTimes(2);
});

test.each(fails)("fetch %s: the event is sent again under its id", async (_, fail) => {
  const fetch = vi.fn(accepts).mockImplementationOnce(fail);
  const meter = meterWith({ fetch });
  expect(await meter.record(USAGE).settled).toEqual({ state: "acknowledged" });
  expect(fetch).toHaveBeenCalledTimes(2);
});

test.each(fails)("a handler of on() %s: delivery goes on, and the page is told", async (_, fail) => {
  const reportError = vi.fn();
  vi.stubGlobal("reportError", reportError);
  const told = vi.fn();
  const meter = meterWith({});
  meter.on("acknowledged", fail);
  meter.on("acknowledged", told);
  await meter.record(USAGE).settled;
  expect(told).toHaveBeenCalledOnce();
  await expect.poll(() => reportError).toHaveBeenCalledExactlyOnceWith(new Error("boom"));
});

test.each(fails)("where a server renders the page, a handler that %s does not end it", async (_, fail) => {
  const printed = vi.spyOn(console, "error").mockImplementation(() => {});
  const meter = meterWith({});
  meter.on("refused", fail);
  await meter.close();
  expect(await meter.record(USAGE).settled).toMatchObject({ state: "refused" });
  await expect.poll(() => printed).toHaveBeenCalledExactlyOnceWith(new Error("boom"));
});
