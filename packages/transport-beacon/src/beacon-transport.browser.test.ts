import type { OutgoingEvent, SendAnswer, Transport } from "@meter-lib/core/transport";
import { afterEach, describe, expect, test, vi } from "vitest";
import { beaconTransport } from "./beacon-transport.ts";
import { deliverThroughPageLife } from "./deliver-through-page-life.ts";

const outgoing = (event_id: string): OutgoingEvent => {
  const event = {
    event_id,
    tenant_id: "tenant",
    device_id: "page",
    meter_id: "clicks",
    type: "volume" as const,
    event_time: 1,
    total_usage: 3,
    start_time: undefined,
    end_time: undefined,
    metadata: undefined,
    session_id: undefined,
  };
  return { customer_id: "relay", producer: undefined, seq: undefined, ...event };
};

const send = (transport: Transport, id: string): Promise<SendAnswer> =>
  transport.send(
    { events: [outgoing(id)] },
    { signal: AbortSignal.timeout(60_000), deadline: Date.now() + 60_000 },
  );

const undo: (() => void)[] = [];
const replace = (target: object, name: string, descriptor: PropertyDescriptor | undefined): void => {
  const own = Object.getOwnPropertyDescriptor(target, name);
  if (descriptor === undefined) Reflect.deleteProperty(target, name);
  else Object.defineProperty(target, name, { configurable: true, ...descriptor });
  undo.push(() => {
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  });
};

afterEach(() => {
  for (const restore of undo.splice(0).reverse()) restore();
});

describe("a browser without keepalive", () => {
  const set = () => {
    const fetch = vi.fn<typeof globalThis.fetch>(async () =>
      Response.json({ results: [{ event_id: "one", state: "accepted" }] }),
    );
    const sendBeacon = vi.fn(() => true);
    replace(Request.prototype, "keepalive", undefined);
    replace(navigator, "sendBeacon", { value: sendBeacon });
    return { fetch, sendBeacon };
  };

  test("fetches while the page is there, and sends a beacon, which says nothing, when it is left", async () => {
    const { fetch, sendBeacon } = set();
    const transport = beaconTransport({ url: "/relay", fetch });
    expect(await send(transport, "one")).toMatchObject({ outcomes: [{ state: "acknowledged" }] });
    expect(sendBeacon).not.toHaveBeenCalled();
    dispatchEvent(new PageTransitionEvent("pagehide"));
    const answered = send(transport, "two");
    expect(sendBeacon).toHaveBeenCalledWith("/relay", expect.stringContaining('"two"'));
    expect(await answered).toMatchObject({ outcomes: [{ state: "unsure" }] });
    expect(fetch).toHaveBeenCalledTimes(1);
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    await send(transport, "one");
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test("fetches all the same when the beacon is refused, or could not carry the token", async () => {
    const { fetch, sendBeacon } = set();
    sendBeacon.mockReturnValue(false);
    const refused = beaconTransport({ url: "/relay", fetch });
    const withHeader = beaconTransport({ url: "/relay", fetch, contentType: "application/json", token: "t" });
    dispatchEvent(new PageTransitionEvent("pagehide"));
    await send(refused, "one");
    expect(fetch).toHaveBeenCalledTimes(1);
    await send(withHeader, "one");
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(sendBeacon).toHaveBeenCalledTimes(1);
  });
});

test("a prerendered page sends nothing until it is shown", async () => {
  const fetch = vi.fn<typeof globalThis.fetch>();
  replace(document, "prerendering", { value: true });
  expect(await send(beaconTransport({ url: "/relay", fetch }), "one")).toMatchObject({
    fault: { kind: "unavailable" },
  });
  expect(fetch).not.toHaveBeenCalled();
});

test("page-life delivery listens until it is ended, and never to unload or beforeunload", () => {
  const listened = vi.spyOn(globalThis, "addEventListener");
  const calls: string[] = [];
  const end = deliverThroughPageLife({
    sendNow: () => calls.push("send"),
    retryNow: () => calls.push("retry"),
  });
  expect(listened.mock.calls.map(([name]) => name)).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/unload/)]),
  );
  const leave = () => {
    dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
    dispatchEvent(new PageTransitionEvent("pageshow", { persisted: false }));
    document.dispatchEvent(new Event("freeze"));
    document.dispatchEvent(new Event("resume"));
    document.dispatchEvent(new Event("prerenderingchange"));
    dispatchEvent(new Event("online"));
  };
  leave();
  expect(calls).toEqual(["send", "retry", "send", "retry", "retry", "retry"]);
  end();
  leave();
  expect(calls).toHaveLength(6);
  listened.mockRestore();
});
