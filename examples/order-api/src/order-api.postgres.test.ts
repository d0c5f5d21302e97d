import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createSandbox } from "@meter-lib/sandbox";
import pg from "pg";
import { expect, inject, test } from "vitest";
import type {} from "../../../packages/outbox-postgres/test/postgres-setup.ts";
import { shopCatalog } from "./shop-catalog.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

/** Starts the service; resolves once it takes orders. */
const start = async (
  env: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; orders: string }> => {
  const child = spawn(process.execPath, ["--conditions=source", MAIN], {
    env: { ...process.env, ...env, PORT: "0", NODE_COMPILE_CACHE: join(tmpdir(), "meter-lib-compiled") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const orders = /^Orders: (\S+)$/.exec(line)?.[1];
    if (orders !== undefined) return { child, orders };
  }
  throw new Error("the service ended before it took orders");
};

const order = (orders: string, items: number): Promise<Response> =>
  fetch(orders, { method: "POST", body: JSON.stringify({ tenant_id: `tenant_${items % 2}`, items }) });

/** Sends orders one after the other, until the service is gone. */
const orderUntilGone = async (orders: string): Promise<void> => {
  for (let items = 1; ; items++) {
    try {
      await order(orders, items);
    } catch {
      return;
    }
  }
};

test("killed and started again under load, it bills every committed order once", async () => {
  const database = `order_api_${process.pid}`;
  const admin = new pg.Pool({ connectionString: inject("postgresUrl"), max: 1 });
  await admin.query(`CREATE DATABASE ${database}`);
  const url = inject("postgresUrl").replace(/postgres$/, database);
  const shop = new pg.Pool({ connectionString: url, max: 1 });
  await using sandbox = await createSandbox({
    tenants: { tenant_0: "cust_0", tenant_1: "cust_1" },
    catalog: shopCatalog,
  });
  const env = { DATABASE_URL: url, METER_LIB_BASE_URL: sandbox.url };
  const committed = async () => {
    const { rows } = await shop.query<{ tenant_id: string; events: number; total_usage: number }>(
      "SELECT tenant_id, count(*)::int AS events, sum(items)::int AS total_usage FROM orders GROUP BY tenant_id ORDER BY tenant_id",
    );
    return rows;
  };
  const ordersTaken = async () => (await committed()).reduce((sum, { events }) => sum + events, 0);

  const killed = await start(env);
  const ordering = [1, 2, 3, 4].map(() => orderUntilGone(killed.orders));
  await expect.poll(ordersTaken).toBeGreaterThan(50);
  killed.child.kill("SIGKILL");
  await Promise.all(ordering);

  const { child, orders } = await start(env);
  const refused = await order(orders, -1);
  expect(refused.status).toBe(400);
  expect(await refused.json()).toEqual({
    error: expect.stringContaining("total_usage: expected an integer from 0"),
  });
  const billed = () =>
    sandbox
      .usage()
      .map(({ tenant_id, events, total_usage }) => ({ tenant_id, events, total_usage }))
      .sort((a, b) => (a.tenant_id < b.tenant_id ? -1 : 1));
  const owed = await committed();
  await expect.poll(billed).toEqual(owed);
  const ended = once(child, "close");
  child.kill("SIGTERM");
  await ended;
  // Nothing came after it.
  expect(billed()).toEqual(owed);

  await Promise.all([shop.end(), admin.end()]);
});
