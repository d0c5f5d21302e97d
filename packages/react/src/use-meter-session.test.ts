// @vitest-environment jsdom
import {
  type LitewaveCatalog,
  litewaveCatalog,
  MeterClient,
  memoryOutbox,
  memoryTransport,
} from "@meter-lib/core";
import { act, createElement, type ExoticComponent, Fragment, type ReactNode, StrictMode } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { MeterProvider, useMeter } from "./meter-provider.ts";
import { type MeterSessionOptions, type SessionMeterId, useMeterSession } from "./use-meter-session.ts";

const CHAT = "chat.on.time_hours";

beforeAll(() => {
  Reflect.set(globalThis, "IS_REACT_ACT_ENVIRONMENT", true);
});

const unmounts: (() => void)[] = [];
afterEach(async () => {
  for (const unmount of unmounts.splice(0)) await act(async () => unmount());
});

/** A client, and the boundaries that reached the backend. */
const metered = (outbox = memoryOutbox()) => {
  const transport = memoryTransport({ dedup: { windowMs: 86_400_000 } });
  const client = new MeterClient({
    transport,
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "cust_001" }) },
    outbox,
    catalog: litewaveCatalog,
    defaults: { tenant_id: "tenant_123", device_id: "web" },
    delivery: { lingerMs: 0 },
  });
  const boundaries = async () => {
    await act(async () => void (await client.flush()));
    return transport.events.map(({ meter_id, session_id, start_time }) => ({
      meter_id,
      session_id,
      boundary: start_time === undefined ? "end" : "start",
    }));
  };
  return { client, boundaries };
};

interface ChatProps extends MeterSessionOptions {
  readonly meter_id?: SessionMeterId;
}

const Chat = ({ meter_id = CHAT, ...options }: ChatProps) => {
  const session = useMeterSession(meter_id, options);
  return createElement("output", undefined, session.state === "on" ? session.session_id : session.state);
};

const rendered = async (
  client: MeterClient<LitewaveCatalog, "tenant_id" | "device_id">,
  wrapper: ExoticComponent<{ children?: ReactNode }> = Fragment,
) => {
  const element = document.createElement("div");
  const root = createRoot(element);
  unmounts.push(() => root.unmount());
  const provided = (...children: readonly ReactNode[]) =>
    createElement(wrapper, undefined, createElement(MeterProvider, { client }, ...children));
  return {
    render: (...children: readonly ReactNode[]) => act(async () => root.render(provided(...children))),
    /** One after the other in the same task. */
    renderAll: (...pages: readonly ReactNode[]) =>
      act(async () => {
        for (const child of pages) flushSync(() => root.render(provided(child)));
      }),
    unmount: () => act(async () => root.unmount()),
    shown: () => [...element.querySelectorAll("output")].map(({ textContent }) => textContent),
  };
};

const kinds = (list: readonly { readonly boundary: string }[]) => list.map(({ boundary }) => boundary);

test("on, off, on: two sessions, with both boundaries each", async () => {
  const { client, boundaries } = metered();
  const page = await rendered(client);

  await page.render(createElement(Chat, { active: false }));
  expect(page.shown()).toEqual(["off"]);
  await page.render(createElement(Chat, { active: true }));
  const [first] = await boundaries();
  expect(page.shown()).toEqual([first?.session_id]);
  await page.render(createElement(Chat, { active: false }));
  await page.render(createElement(Chat, { active: true }));
  await page.unmount();

  const all = await boundaries();
  expect(kinds(all)).toEqual(["start", "end", "start", "end"]);
  expect(all.map(({ session_id }) => session_id === first?.session_id)).toEqual([true, true, false, false]);
});

test.each(["device", "process"] as const)("StrictMode mounts twice, %s: one session", async (scope) => {
  const { client, boundaries } = metered();
  const page = await rendered(client, StrictMode);

  await page.render(createElement(Chat, { active: true, scope }));
  expect(kinds(await boundaries())).toEqual(["start"]);
  await page.unmount();

  expect(kinds(await boundaries())).toEqual(["start", "end"]);
});

test("two components are in one session; it ends with the last of them", async () => {
  const { client, boundaries } = metered();
  const page = await rendered(client);

  await page.render(
    createElement(Chat, { active: true, key: "a" }),
    createElement(Chat, { active: true, key: "b" }),
  );
  await page.render(createElement(Chat, { active: true, key: "b" }));
  expect(kinds(await boundaries())).toEqual(["start"]);
  await page.unmount();

  expect(kinds(await boundaries())).toEqual(["start", "end"]);
});

test("one component takes the place of another: the session goes on", async () => {
  const { client, boundaries } = metered();
  const page = await rendered(client);

  await page.render(createElement(Chat, { active: true, key: "a" }));
  await page.render(createElement(Chat, { active: true, key: "b" }));
  expect(kinds(await boundaries())).toEqual(["start"]);
  await page.unmount();

  expect(kinds(await boundaries())).toEqual(["start", "end"]);
});

test("each its own with the scope process", async () => {
  const { client, boundaries } = metered();
  const page = await rendered(client);

  await page.render(
    createElement(Chat, { active: true, scope: "process", key: "a" }),
    createElement(Chat, { active: true, scope: "process", key: "b" }),
  );

  const all = await boundaries();
  expect(kinds(all)).toEqual(["start", "start"]);
  expect(new Set(all.map(({ session_id }) => session_id)).size).toBe(2);
});

test("another meter is another session", async () => {
  const { client, boundaries } = metered();
  const page = await rendered(client);

  await page.render(createElement(Chat, { active: true }));
  await page.render(createElement(Chat, { active: true, meter_id: "chat.query.time_secs" }));

  expect((await boundaries()).map(({ meter_id, boundary }) => [meter_id, boundary]).sort()).toEqual([
    [CHAT, "end"],
    [CHAT, "start"],
    ["chat.query.time_secs", "start"],
  ]);
});

test("the first render shows the state that is, also of another session", async () => {
  const { client } = metered();
  const page = await rendered(client);
  const seen: string[] = [];
  const Watch = ({ meter_id }: { readonly meter_id: SessionMeterId }) => {
    const { state } = useMeterSession(meter_id, { active: true });
    seen.push(`${meter_id} ${state}`);
    return null;
  };

  await page.render(createElement(Watch, { meter_id: CHAT }));
  expect([seen[0], seen.at(-1)]).toEqual([`${CHAT} starting`, `${CHAT} on`]);
  await page.render(createElement(Watch, { meter_id: "chat.query.time_secs" }));
  expect(seen.find((shown) => shown.startsWith("chat.query"))).toBe("chat.query.time_secs starting");
});

test("off again before the start is stored: both boundaries, nothing is left on", async () => {
  const { client, boundaries } = metered();
  const page = await rendered(client);

  await page.renderAll(createElement(Chat, { active: true }), createElement(Chat, { active: false }));

  expect(kinds(await boundaries())).toEqual(["start", "end"]);
});

test("a session that cannot start says why", async () => {
  const { client } = metered();
  const page = await rendered(client);

  await page.render(
    Reflect.apply(createElement, undefined, [Chat, { active: true, meter_id: "chat.on.time_days" }]),
  );

  expect(page.shown()).toEqual(["failed"]);
});

test("useMeter without a provider names what is missing", async () => {
  const root = createRoot(document.createElement("div"), { onUncaughtError: () => {} });
  const Lost = () => createElement("output", undefined, String(useMeter()));

  await expect(act(async () => root.render(createElement(Lost)))).rejects.toThrow(/<MeterProvider>/);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("broken client");
    },
  ],
  ["rejects", async () => Promise.reject(new Error("broken client"))],
])("a client whose startSession() %s: the session has failed, and the component goes on", async (_, fail) => {
  const { client } = metered();
  vi.spyOn(client, "startSession").mockImplementation(fail);
  const page = await rendered(client);
  await page.render(createElement(Chat, { active: true }));
  expect(page.shown()).toEqual(["failed"]);
  await page.render(createElement(Chat, { active: false }));
  expect(page.shown()).toEqual(["off"]);
});
