import { Hono } from "hono";
import { isMeterError, type MeterClient } from "meter-lib";
import type pg from "pg";
import type { shopCatalog } from "./shop-catalog.ts";

interface Order {
  readonly tenant_id: string;
  readonly items: number;
}

/** Takes orders. The order and its usage are committed together, or neither is. */
export const createOrderApi = (pool: pg.Pool, client: MeterClient<typeof shopCatalog, "device_id">): Hono => {
  const app = new Hono();

  app.post("/orders", async (context) => {
    const { tenant_id, items } = await context.req.json<Order>();
    const tx = await pool.connect();
    try {
      await tx.query("BEGIN");
      const { rows } = await tx.query<{ id: string }>(
        "INSERT INTO orders (tenant_id, items) VALUES ($1, $2) RETURNING id",
        [tenant_id, items],
      );
      await client.record({ tenant_id, meter_id: "order.item", total_usage: items }, { tx });
      await tx.query("COMMIT");
      return context.json({ id: rows[0]?.id }, 201);
    } catch (error) {
      await tx.query("ROLLBACK");
      // What cannot be billed is not ordered.
      if (isMeterError(error) && error.code === "invalid_event")
        return context.json({ error: error.message }, 400);
      throw error;
    } finally {
      tx.release();
    }
  });

  return app;
};
