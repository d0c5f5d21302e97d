import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeterClient } from "@meter-lib/core";
import { staticCustomers } from "@meter-lib/lookup-http";
import { createRelay, memoryDedup, tenantTokens } from "@meter-lib/relay";
import { nodeRelayHandler } from "@meter-lib/relay/node";
import { createSandbox } from "@meter-lib/sandbox";
import { fetchTransport } from "@meter-lib/transport-fetch";
import { describe, expect, test } from "vitest";
import { findChromium, NO_CHROMIUM } from "../../../scripts/find-chromium.ts";
import type { PageBrowser } from "./browser-page.ts";
import { bundlePage } from "./bundle-page.ts";
import { startChromium } from "./chromium-browser.ts";
import { startReceiver } from "./receiver.ts";

const chromium = await findChromium();

describe.skipIf(chromium === undefined)(
  chromium === undefined ? NO_CHROMIUM : "from a page to the bill",
  () => {
    test("through a relay to a backend: a page that is left, a browser that is killed, each event counted once", async () => {
      if (chromium === undefined) return;
      const sandbox = await createSandbox({ tenants: { page: "cust_001" } });
      const client = new MeterClient({
        transport: fetchTransport({ baseUrl: sandbox.url, dedup: { windowMs: 60_000 } }),
        customerLookup: staticCustomers({ page: "cust_001" }),
      });
      const site = await startReceiver();
      site.scripts = { "/app.js": await bundlePage("page-app") };
      const tokens = tenantTokens({ secret: "a secret of thirty-two characters and more" });
      const relay = createRelay({
        authenticate: tokens.authenticate,
        origins: [site.origin],
        dedup: memoryDedup(),
        client,
        allowVolatile: true,
      });
      const server = createServer(nodeRelayHandler(relay));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const port = typeof address === "object" ? address?.port : undefined;
      const token = await tokens.issue({ tenant_id: "page", device_id: "web" });
      const url = `${site.origin}/page?${new URLSearchParams({
        sender: "meter-lib",
        relay: `http://localhost:${port}/relay`,
        token,
      })}`;
      const counted = () => sandbox.usage().reduce((sum, { events }) => sum + events, 0);
      const allCounted = async (events: number): Promise<void> => {
        const deadline = Date.now() + 60_000;
        while (counted() < events) {
          if (Date.now() > deadline) throw new Error(`${counted()} of ${events} events were counted`);
          await new Promise((resolve) => setTimeout(resolve, 20));
          await client.flush();
        }
      };
      const profile = await mkdtemp(join(tmpdir(), "page-to-backend-"));
      let browser: PageBrowser | undefined;
      try {
        browser = await startChromium(chromium, profile);
        const left = await browser.newPage(url);
        // The outbox is open.
        await left.run("app.opened()");
        await left.run(`app.record(["a", "b"]); location.href = "/other";`, { wait: false });
        await allCounted(2);

        const killed = await browser.newPage(url);
        await killed.run(`app.record(["c", "d", "e"])`);
        expect(await killed.run("app.durable()")).toEqual(["durable", "durable", "durable"]);
        await browser.kill();
        browser = await startChromium(chromium, profile);
        const next = await browser.newPage(url);
        await allCounted(5);
        expect(sandbox.usage()).toMatchObject([
          { tenant_id: "page", customer_id: "cust_001", events: 5, total_usage: 5 },
        ]);
        await next.close();
      } finally {
        await browser?.kill();
        await client.close();
        server.closeAllConnections();
        server.close();
        await Promise.all([
          site.close(),
          sandbox.close(),
          rm(profile, { recursive: true, force: true, maxRetries: 3 }),
        ]);
      }
    });
  },
);
