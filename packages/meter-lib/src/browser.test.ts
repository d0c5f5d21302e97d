import { type Browser, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import { browserBundle } from "../browser-bundle.ts";
import { type PageBackend, pageBackend } from "../test/page-backend.ts";
import type { createBrowserMeter, createVolatileBrowserMeter } from "./browser.ts";

declare global {
  var browser: {
    readonly createBrowserMeter: typeof createBrowserMeter;
    readonly createVolatileBrowserMeter: typeof createVolatileBrowserMeter;
  };
  var meterFor: (tenant_id: string) => ReturnType<typeof createBrowserMeter>;
}

// A busy machine is slow, not wrong.
const eventually = (check: () => unknown) => vi.waitFor(check, { timeout: 45_000 });

const found = await findChromium();
if (found === undefined) console.warn(`the browser entry in a page: ${NO_CHROMIUM}`);

describe.skipIf(found === undefined)("the browser entry as one script in a page", () => {
  let script = "";
  let started: Browser;
  beforeAll(async () => {
    script = (await browserBundle()).code;
    started = await chromium.launch({
      executablePath: found?.executablePath ?? "",
      args: [...(found?.args ?? [])],
    });
  });
  afterAll(() => started?.close());

  const openPage = async ({ url }: PageBackend, context = started.newContext()) => {
    const page = await (await context).newPage();
    await page.goto(url);
    await page.waitForFunction(() => "meterFor" in globalThis);
    return page;
  };
  const usage = ({ sandbox }: PageBackend) =>
    sandbox.usage().map(({ tenant_id, customer_id, total_usage, events }) => ({
      tenant_id,
      customer_id,
      total_usage,
      events,
    }));
  /** Records `pages` pages for a tenant; answers when they are in the database. */
  const record = (page: Page, tenant: string, pages: number) =>
    page.evaluate(
      async ([tenant_id, total_usage]) => {
        const receipt = meterFor(tenant_id).record({ meter_id: "page.processed.basic", total_usage });
        return (await receipt.durable).ok;
      },
      [tenant, pages] as const,
    );

  test("what a page records is billed to the token's tenant", async () => {
    await using backend = await pageBackend(script);
    const page = await openPage(backend);

    expect(await record(page, "tenant_a", 3)).toBe(true);

    await eventually(() =>
      expect(usage(backend)).toEqual([
        { tenant_id: "tenant_a", customer_id: "cust_a", total_usage: 3, events: 1 },
      ]),
    );
  });

  test("what one tenant left behind does not go out under the token of the next", async () => {
    await using backend = await pageBackend(script);
    const context = started.newContext();
    const first = await openPage(backend, context);
    // It never gets a token, so nothing leaves before the page does.
    await first.evaluate(async () => {
      const token = () => new Promise<string>(() => {});
      const meter = browser.createBrowserMeter({ relayUrl: "/meter", tenant_id: "tenant_a", token });
      await meter.record({ meter_id: "page.processed.basic", total_usage: 3 }).durable;
    });
    await first.close();

    const second = await openPage(backend, context);
    await record(second, "tenant_b", 4);
    const ofB = { tenant_id: "tenant_b", customer_id: "cust_b", total_usage: 4, events: 1 };
    await eventually(() => expect(usage(backend)).toEqual([ofB]));

    // It goes when its own user is back.
    await second.evaluate(() => void meterFor("tenant_a"));
    const ofA = { tenant_id: "tenant_a", customer_id: "cust_a", total_usage: 3, events: 1 };
    await eventually(() =>
      expect(usage(backend).sort((a, b) => a.total_usage - b.total_usage)).toEqual([ofA, ofB]),
    );
  });

  test.each([
    ["another tenant", undefined, "tenant=tenant_b", "tenant=tenant_a"],
    ["another user", "ada", "tenant=tenant_a&subject=bob", "tenant=tenant_a&subject=ada"],
    ["a user, to a page that names none", undefined, "tenant=tenant_a&subject=bob", "tenant=tenant_a"],
    ["no user, to a page that names one", "ada", "tenant=tenant_a", "tenant=tenant_a&subject=ada"],
  ])("the token of %s blocks delivery: events wait for their own", async (_, user, wrong, right) => {
    await using backend = await pageBackend(script);
    const page = await openPage(backend);

    const told = await page.evaluate(
      async ([subject, wrongQuery, rightQuery]) => {
        let query = wrongQuery;
        const meter = browser.createBrowserMeter({
          relayUrl: "/meter",
          tenant_id: "tenant_a",
          ...(subject !== undefined && { subject }),
          token: async () => (await fetch(`/token?${query}`)).text(),
          delivery: { lingerMs: 0 },
        });
        const blocked = new Promise<string | undefined>((resolve) => {
          meter.on("blocked", ({ reason }) => resolve(reason));
        });
        const { settled } = meter.record({ meter_id: "page.processed.basic", total_usage: 3 });
        const reason = await blocked;
        const { pending } = await meter.stats();
        query = rightQuery;
        meter.retryNow();
        return { reason, pending, ...(await settled) };
      },
      [user, wrong, right] as const,
    );

    expect(told).toMatchObject({
      reason: expect.stringMatching(/HTTP 403: (tenant_id|subject): expected .*, got /),
      pending: 1,
      state: "acknowledged",
    });
    expect(usage(backend)).toEqual([
      { tenant_id: "tenant_a", customer_id: "cust_a", total_usage: 3, events: 1 },
    ]);
  });

  test("without a database a page that closes still sends", async () => {
    await using backend = await pageBackend(script);
    const page = await openPage(backend);
    await page.evaluate(async () => {
      const token = await (await fetch("/token?tenant=tenant_a")).text();
      const meter = browser.createVolatileBrowserMeter({ relayUrl: "/meter", tenant_id: "tenant_a", token });
      meter.record({ meter_id: "page.processed.basic", total_usage: 5 });
    });
    expect(usage(backend)).toEqual([]);

    await page.close({ runBeforeUnload: true });

    await eventually(() =>
      expect(usage(backend)).toEqual([
        { tenant_id: "tenant_a", customer_id: "cust_a", total_usage: 5, events: 1 },
      ]),
    );
  });

  test("a closed client listens to its page no more", async () => {
    await using backend = await pageBackend(script);
    const page = await openPage(backend);

    const left = await page.evaluate(async () => {
      let sent = 0;
      const meter = browser.createVolatileBrowserMeter({
        relayUrl: "/meter",
        tenant_id: "tenant_a",
        fetch: async () => {
          sent++;
          return new Response("", { status: 500 });
        },
      });
      meter.record({ meter_id: "page.processed.basic", total_usage: 5 });
      dispatchEvent(new PageTransitionEvent("pagehide"));
      const before = sent;
      const { lost } = await meter.close({ timeoutMs: 0 });
      const closed = sent;
      dispatchEvent(new PageTransitionEvent("pagehide"));
      return { before, lost, after: sent - closed };
    });

    expect(left).toEqual({ before: 1, lost: 1, after: 0 });
  });
});
