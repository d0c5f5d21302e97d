import { isMeterError } from "@meter-lib/core";
import { expect, test, vi } from "vitest";
import { createBrowserMeter } from "./create-browser-meter.ts";
import { createVolatileBrowserMeter } from "./create-volatile-browser-meter.ts";

const messageOf = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    if (isMeterError(error) && error.code === "invalid_options") return error.message;
    throw error;
  }
  return "nothing was thrown";
};

test.each([
  ["createBrowserMeter", createBrowserMeter],
  ["createVolatileBrowserMeter", createVolatileBrowserMeter],
])("%s names every option at fault", (_, create) => {
  const call = () => Reflect.apply(create, undefined, [{ relayUrl: "", subject: "", device_id: 7 }]);

  expect(messageOf(call)).toMatch(/relayUrl: .*tenant_id: .*got nothing; subject: .*; device_id: .*got 7/);
});

test("on a server, creating the client asks for no token and holds no process", async () => {
  const token = vi.fn(() => "token");
  const before = process.getActiveResourcesInfo().length;
  createBrowserMeter({ relayUrl: "/meter", tenant_id: "a", token });

  expect(process.getActiveResourcesInfo()).toHaveLength(before);
  await new Promise(setImmediate);
  expect(token).not.toHaveBeenCalled();
});

test("an event that the catalog does not have is refused by the page", async () => {
  await using meter = createVolatileBrowserMeter({ relayUrl: "http://127.0.0.1:9/meter", tenant_id: "a" });

  expect(meter.check({ meter_id: "page.processed.best", total_usage: 1 })?.code).toBe("invalid_event");
  expect(meter.check({ meter_id: "page.processed.basic", total_usage: 1 })).toBeUndefined();
});
