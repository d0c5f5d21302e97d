import { fileURLToPath } from "node:url";
import { MeterClient, memoryOutbox } from "@meter-lib/core";
import { httpCustomerLookup } from "@meter-lib/lookup-http";
import { fetchTransport } from "@meter-lib/transport-fetch";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import { createSandbox, type Sandbox } from "./sandbox.ts";
import { postEvent } from "./testing/post-events.ts";

const found = await findChromium();
if (found === undefined) console.log(`SKIPPED: the dashboard (${NO_CHROMIUM})`);

describe.skipIf(found === undefined)("the dashboard in Chromium", () => {
  let browser: Browser;
  let sandbox: Sandbox;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    await build({ root: fileURLToPath(new URL("../dashboard", import.meta.url)), logLevel: "error" });
    browser = await chromium.launch({
      executablePath: found?.executablePath ?? "",
      args: [...(found?.args ?? [])],
    });
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
    page = await browser.newPage();
    complaints = [];
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await page.close();
    await sandbox.close();
    expect(complaints).toEqual([]);
  });

  const open = (view: string) => page.goto(`${sandbox.url}/#/${view}`);
  const see = (text: string) => page.getByText(text, { exact: true }).first().waitFor();
  const violations = async (): Promise<unknown> => {
    if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source);
    return page.evaluate(
      "axe.run().then(({ violations }) => violations.map((v) => [v.id, ...v.nodes.map((n) => n.html)]))",
    );
  };
  const setUpClient = () =>
    new MeterClient({
      transport: fetchTransport({ baseUrl: sandbox.url, dedup: { windowMs: 3_600_000 } }),
      customerLookup: httpCustomerLookup({ baseUrl: sandbox.url }),
      outbox: memoryOutbox(),
      defaults: { device_id: "d1" },
      // Retries come quickly, so that the test need not wait for them.
      delivery: { lingerMs: 0, retryCapMs: 50 },
    });

  test("an event is seen as it arrives, and its story says what became of it", async () => {
    await open("events");
    await see("live");
    const headers = { "idempotency-key": "order-7" };
    await postEvent(sandbox.url, { headers });
    await page.getByRole("link", { name: "Story of event 1", exact: true }).waitFor();
    await postEvent(sandbox.url, { headers });
    await page.getByRole("link", { name: "Story of event 2", exact: true }).click();
    await see("Not counted again: an event with the same id and the same content came before.");
    await page.getByText('"idempotency-key": "order-7"').waitFor();
    await page.getByRole("link", { name: "Story of event 1", exact: true }).click();
    await see("Counted.");
  });

  test("filters choose what of the stream is shown", async () => {
    await open("events");
    await see("live");
    await page.getByLabel("State").selectOption("refused");
    await see("No event matches. New ones appear by themselves.");
    await see("live");
    await postEvent(sandbox.url);
    await postEvent(sandbox.url, { body: { total_usage: -1 } });
    await page.getByRole("link", { name: "Story of event 2", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: /Story/ }).count()).toBe(1);
  });

  test("a client keeps its events through an outage and delivers them after it", async () => {
    await using client = setUpClient();
    await open("outage");
    await page.getByLabel("Failing").check();
    await page.getByRole("button", { name: "End the outage" }).waitFor();
    const { settled } = client.record({
      tenant_id: "tenant_123",
      meter_id: "page.processed.basic",
      total_usage: 5,
    });
    // Hit more than once: the client tried again.
    await page.locator(".figure strong", { hasText: /^[2-9]|\d\d/ }).waitFor();
    expect(sandbox.usage()).toEqual([]);

    await page.getByRole("button", { name: "End the outage" }).click();
    await page.getByRole("button", { name: "End the outage" }).waitFor({ state: "detached" });
    expect(await settled).toMatchObject({ state: "acknowledged" });
    await page.getByRole("link", { name: "Usage" }).click();
    await page.getByRole("cell", { name: "cust_001" }).waitFor();
    expect(sandbox.usage()).toMatchObject([{ total_usage: 5, events: 1, duplicates: 0 }]);
  });

  test("an unknown tenant is added with one click, and its events are counted", async () => {
    await using client = setUpClient();
    const { settled } = client.record({
      tenant_id: "newcomer",
      meter_id: "page.processed.basic",
      total_usage: 2,
    });
    await open("tenants");
    await page.getByRole("button", { name: "Add newcomer" }).click();
    await see("newcomer is paid for by cust_newcomer.");
    expect(await settled).toMatchObject({ state: "acknowledged" });
    expect(sandbox.usage()).toMatchObject([{ tenant_id: "newcomer", customer_id: "cust_newcomer" }]);
    await page.getByRole("button", { name: "Remove newcomer" }).click();
    await see("newcomer is removed; its usage stays.");
  });

  test("usage and events leave as files", async () => {
    await postEvent(sandbox.url);
    await open("usage");
    const [usage] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click(),
    ]);
    expect(usage.suggestedFilename()).toBe("usage.csv");
    await open("events");
    const [events] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "NDJSON" }).click(),
    ]);
    expect(events.suggestedFilename()).toBe("events.ndjson");
  });

  test("a new backend says how to send its first event, and does", async () => {
    await open("usage");
    await see("Nothing has been counted yet");
    await page.getByRole("radio", { name: "curl" }).check();
    await page.getByText(`curl ${sandbox.url}/api/v1/events`).waitFor();
    await page.getByRole("button", { name: "Send it from here" }).click();
    await page.getByRole("cell", { name: "cust_001" }).waitFor();
    expect(sandbox.usage()).toMatchObject([{ tenant_id: "tenant_123", total_usage: 1 }]);
  });

  test("what clients send is text, never markup", async () => {
    const evil = "<img src=x onerror=alert(1)>";
    let asked = false;
    page.on("dialog", (dialog) => {
      asked = true;
      void dialog.dismiss();
    });
    await fetch(`${sandbox.url}/sandbox/v1/tenants/${encodeURIComponent(evil)}`, {
      method: "PUT",
      body: JSON.stringify({ customer_id: evil }),
    });
    const posted = await postEvent(sandbox.url, {
      tenant: evil,
      device: evil,
      body: { meter_id: evil, customer_id: evil },
    });
    expect(posted.status).toBe(200);
    await postEvent(sandbox.url, { tenant: evil, body: { customer_id: `${evil}?` } });
    for (const view of ["usage", "events", "events/1", "tenants", "delivery"]) {
      await open(view);
      await page.getByText(evil).first().waitFor({ state: "attached" });
      expect(await page.locator("img[src=x]").count()).toBe(0);
    }
    expect(asked).toBe(false);
  });

  test("axe finds nothing, in both themes and on a narrow screen; nothing is wider than it", async () => {
    await postEvent(sandbox.url, { headers: { "idempotency-key": "a" } });
    await postEvent(sandbox.url, { headers: { "idempotency-key": "a" } });
    await postEvent(sandbox.url, { body: { total_usage: -1 } });
    await fetch(`${sandbox.url}/api/v1/customer-accounts/tenant/stranger`);
    const found: unknown[] = [];
    for (const [colorScheme, width] of [
      ["light", 1200],
      ["dark", 375],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      for (const view of ["usage", "events", "events/2", "tenants", "delivery", "outage", "send"]) {
        await open(view);
        await page.locator("main .card").first().waitFor();
        found.push(await violations());
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
      }
    }
    expect(found.flat()).toEqual([]);
  });

  test("works by keyboard", async () => {
    await open("outage");
    await page.getByLabel("As usual").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await page.keyboard.press("Tab");
    await page.keyboard.press("ArrowDown");
    await page.getByRole("button", { name: "End the outage" }).waitFor();
    expect((await postEvent(sandbox.url)).status).toBe(503);
  });

  test("the clock is the reader's, or UTC", async () => {
    const context = await browser.newContext({ timezoneId: "Asia/Tokyo", locale: "en-GB" });
    const abroad = await context.newPage();
    await postEvent(sandbox.url, {
      body: { meter_id: "chat.on.time_hours", start_time: Date.UTC(2026, 0, 1, 20) },
    });
    await abroad.goto(`${sandbox.url}/#/events/1`);
    await abroad.getByText("2 Jan 2026, 05:00:00").first().waitFor();
    await abroad.getByLabel("Clock").selectOption("utc");
    await abroad.getByText("1 Jan 2026, 20:00:00 UTC").first().waitFor();
    await context.close();
  });

  test("the theme is a choice that stays", async () => {
    await open("send");
    await page.getByLabel("Theme").selectOption("dark");
    await page.reload();
    expect(await page.getByLabel("Theme").inputValue()).toBe("dark");
    expect(await page.evaluate("getComputedStyle(document.documentElement).colorScheme")).toBe("dark");
  });
});
