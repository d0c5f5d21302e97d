/** A process that records usage and is then ended, stopped or multiplied, as its first argument says; see `runtime-faults.test.ts`. */
import cluster from "node:cluster";
import { writeSync } from "node:fs";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { MeterClient } from "@meter-lib/core";
import { sqliteOutbox } from "@meter-lib/outbox-sqlite";
import { fetchTransport } from "@meter-lib/transport-fetch";

const [, , mode = "", url = "", outbox = "", name = "main"]: readonly string[] = isMainThread
  ? process.argv
  : workerData;

const say = (what: string) => writeSync(1, `${what}\n`);
process.on("unhandledRejection", (error) => {
  say(`unhandled ${String(error)}`);
  process.exit(70);
});

const newClient = (durable: boolean) =>
  new MeterClient({
    transport: fetchTransport({ baseUrl: url, dialect: "kafka-rest", dedup: { windowMs: 86_400_000 } }),
    customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
    ...(durable ? { outbox: sqliteOutbox({ path: outbox }) } : {}),
    delivery: { lingerMs: 20, retryCapMs: 200 },
  });

const recordSome = async (client: MeterClient, count: number): Promise<void> => {
  const receipts = Array.from({ length: count }, () =>
    client.record({ tenant_id: "t", device_id: name, meter_id: "page.processed.basic", total_usage: 1 }),
  );
  await Promise.all(receipts.map(({ durable }) => durable));
};

switch (mode) {
  case "close-on-sigterm": {
    const client = newClient(true);
    process.once("SIGTERM", () => {
      void Promise.all([client.close({ timeoutMs: 5_000 }), client.close({ timeoutMs: 5_000 })]).then(
        ([first, second]) => say(`closed ${JSON.stringify(first)} ${first === second}`),
      );
    });
    await recordSome(client, 200);
    void client.flush();
    say("recorded");
    break;
  }
  case "exit-in-drain": {
    const client = newClient(true);
    await recordSome(client, 200);
    void client.close();
    say("recorded");
    process.exit(3);
    break;
  }
  case "run": {
    const client = newClient(true);
    await recordSome(client, 100);
    say("recorded");
    await client.flush({ timeoutMs: 30_000 });
    say(`delivered ${JSON.stringify(await client.stats())}`);
    await client.close();
    break;
  }
  case "session": {
    const client = new MeterClient({
      transport: fetchTransport({ baseUrl: url, dialect: "kafka-rest", dedup: { windowMs: 86_400_000 } }),
      customerLookup: { lookup: async () => ({ state: "found", customer_id: "customer" }) },
      outbox: sqliteOutbox({ path: outbox }),
      sessions: { checkpointMs: 20 },
      delivery: { lingerMs: 1 },
    });
    process.once("SIGTERM", () => {
      void session.then(async (open) => {
        await open.end();
        await client.flush();
        await client.close();
        say("closed");
      });
    });
    // A session does not keep a process alive.
    const alive = setInterval(() => {}, 60_000);
    process.once("SIGTERM", () => clearInterval(alive));
    const session = client.startSession({
      tenant_id: "t",
      device_id: "d",
      meter_id: "chat.on.time_hours",
      metadata: { room: "blue" },
    });
    say((await session).session_id);
    break;
  }
  case "leave": {
    // Nobody closes or awaits anything: the process is to end by itself.
    const client = newClient(false);
    for (let i = 0; i < 5; i++)
      client.record({ tenant_id: "t", device_id: name, meter_id: "page.processed.basic", total_usage: 1 });
    say("left");
    break;
  }
  case "flood": {
    const client = newClient(false);
    const heap = (): number => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const before = heap();
    for (let i = 0; i < 100_000; i++) {
      client.record({ tenant_id: "t", device_id: name, meter_id: "page.processed.basic", total_usage: 1 });
      if (i % 10_000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    say(JSON.stringify({ grown: heap() - before, ...(await client.stats()) }));
    break;
  }
  case "threads": {
    const threads = ["a", "b", "c"].map(
      (thread) => new Worker(new URL(import.meta.url), { workerData: ["", "", "run", url, outbox, thread] }),
    );
    await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once("exit", resolve))));
    say("all ended");
    break;
  }
  case "cluster": {
    if (cluster.isPrimary) {
      for (let i = 0; i < 3; i++) cluster.fork();
      let ended = 0;
      cluster.on("exit", () => {
        ended++;
        if (ended === 3) say("all ended");
      });
    } else {
      const client = newClient(true);
      await recordSome(client, 100);
      await client.flush({ timeoutMs: 30_000 });
      await client.close();
      process.exit(0);
    }
    break;
  }
}
