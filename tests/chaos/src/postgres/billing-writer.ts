// A service that bills in its transactions, until it is killed: some roll back, some fail, and it goes on after every fault.
import { setTimeout as sleep } from "node:timers/promises";
import { isMeterError } from "@meter-lib/core";
import pg from "pg";
import { eventsOfOrder } from "./order-events.ts";
import { reportingClient } from "./reporting-client.ts";

const [, , url = "", receiver = "", writer = ""] = process.argv;
const AT_ONCE = 4;

const client = reportingClient(url, receiver);
let orders = 0;

const bill = async (tx: pg.Client, id: string, size: number): Promise<void> => {
  await tx.query("BEGIN");
  await tx.query("INSERT INTO orders (id, size) VALUES ($1, $2)", [id, size]);
  await client.recordAll(eventsOfOrder(id, size), { tx });
  await tx.query(orders % 10 === 0 ? "ROLLBACK" : "COMMIT");
};

const work = async (): Promise<never> => {
  for (;;) {
    const tx = new pg.Client(url);
    tx.on("error", () => {});
    try {
      await tx.connect();
      for (;;) {
        const number = orders++;
        await bill(tx, `${writer}-${number}`, 1 + (number % 8));
      }
    } catch (error) {
      // Whatever it was: the connection goes, and another comes.
      if (isMeterError(error) && error.code === "invalid_event") throw error;
      void tx.end().catch(() => {});
      await sleep(20);
    }
  }
};

await Promise.all(Array.from({ length: AT_ONCE }, work));
