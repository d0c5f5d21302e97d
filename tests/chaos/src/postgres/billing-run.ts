import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { migratePostgres, postgresOutbox } from "@meter-lib/outbox-postgres";
import pg from "pg";
import {
  type PostgresServer,
  querySql,
  startPostgres,
} from "../../../../packages/outbox-postgres/test/postgres-server.ts";
import { batchReceiver } from "./batch-receiver.ts";
import { type Cut, cuttingProxy } from "./cutting-proxy.ts";
import { eventsOfOrder } from "./order-events.ts";
import { reportingClient } from "./reporting-client.ts";

const WRITER = fileURLToPath(new URL("./billing-writer.ts", import.meta.url));
const DRAIN_MS = 120_000;
const run = promisify(execFile);

export interface BillingFaults {
  readonly writers: number;
  /** Until so many events are committed. */
  readonly events: number;
  /** `kill -9` of a writer, of the server, so often at least. */
  readonly writerKills: number;
  readonly serverKills: number;
  /** How many connections are cut, at least. */
  readonly cuts: number;
  /** Whether the server is lost at the end, and its standby promoted. */
  readonly failover: boolean;
}

export interface BillingVerdict {
  readonly orders: number;
  /** Events of committed orders. */
  readonly events: number;
  readonly writerKills: number;
  readonly serverKills: number;
  readonly cuts: Readonly<Record<Cut, number>>;
  /** Events of committed orders that the receiver does not have. */
  readonly lost: readonly string[];
  /** Events that the receiver has, and that are of no committed order, or differ. */
  readonly unfounded: readonly string[];
  /** Received more than once, and told by the receiver as repeats. */
  readonly repeats: number;
  /** Why the standby took no outbox before it was promoted; undefined without one. */
  readonly refusedByStandby: string | undefined;
  /** Of the outbox, at the end. */
  readonly accounts: { readonly recorded: number; readonly acknowledged: number; readonly pending: number };
}

/**
 * Writers bill orders in their transactions while they are killed, the server is killed, and connections break. At the end, what the
 * receiver got is compared with the table of orders.
 */
export const billingRun = async (faults: BillingFaults): Promise<BillingVerdict> => {
  let server = await startPostgres({
    isSafe: true,
    // A standby that is not back before the next kills still finds what it lacks.
    settings: { wal_level: "replica", max_wal_senders: "4", hot_standby: "on", wal_keep_size: "1GB" },
  });
  const servers = [server];
  await prepare(server.url);
  let standby: PostgresServer | undefined;
  if (faults.failover) {
    standby = await standbyOf(server);
    servers.push(standby);
  }
  const receiver = await batchReceiver();
  receiver.loseEvery = 7;
  const proxy = await cuttingProxy(server.port);
  const url = server.url.replace(`:${server.port}/`, `:${proxy.port}/`);
  let writers = 0;
  const start = (): ChildProcess =>
    fork(WRITER, [url, receiver.url, `w${writers++}`], {
      execArgv: ["--conditions=source"],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  const children = Array.from({ length: faults.writers }, start);
  const done = { writerKills: 0, serverKills: 0 };
  proxy.isCutting = faults.cuts > 0;
  const cuts = (): number => Object.values(proxy.cuts).reduce((sum, times) => sum + times, 0);
  const committed = async (): Promise<number> =>
    Number(
      (await querySql(server.url, "SELECT coalesce(sum(size), 0)::int AS events FROM orders"))[0]?.events,
    );

  let round = 0;
  while (
    done.writerKills < faults.writerKills ||
    done.serverKills < faults.serverKills ||
    cuts() < faults.cuts ||
    (await committed()) < faults.events
  ) {
    proxy.isCutting = cuts() < faults.cuts;
    await sleep(150 + ((round * 37) % 200));
    if (done.writerKills < faults.writerKills) {
      const place = round % children.length;
      await kill(children[place]);
      done.writerKills++;
      children[place] = start();
    }
    if (done.serverKills < faults.serverKills && round % 3 === 2) {
      await server.kill();
      done.serverKills++;
      await server.start();
    }
    round++;
  }
  let refusedByStandby: string | undefined;
  if (standby !== undefined) {
    refusedByStandby = await refusal(standby.url);
    await server.kill();
    server = standby;
    await querySql(standby.url, "SELECT pg_promote()");
    proxy.target = standby.port;
    const before = await committed();
    // They go on, on the other server.
    while ((await committed()) < before + 200) await sleep(50);
  }
  await Promise.all(children.map(kill));
  proxy.isCutting = false;
  receiver.loseEvery = Number.POSITIVE_INFINITY;

  const client = reportingClient(server.url, receiver.url);
  await client.flush({ timeoutMs: DRAIN_MS });
  const accounts = await client.stats();
  await client.close();
  const verdict = await judge(server.url, receiver.arrivals);
  await proxy.close();
  await receiver.close();
  for (const each of servers) await each.remove();
  return { ...verdict, ...done, cuts: proxy.cuts, refusedByStandby, accounts };
};

/** Why an outbox cannot be opened there; undefined when it can. */
const refusal = async (url: string): Promise<string | undefined> => {
  const outbox = postgresOutbox({ client: () => new pg.Client(url) });
  try {
    await outbox.open();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await outbox.close();
  }
};

const prepare = async (url: string): Promise<void> => {
  const client = new pg.Client(url);
  await client.connect();
  await migratePostgres({ client });
  await client.query("CREATE TABLE orders (id text PRIMARY KEY, size integer NOT NULL)");
  await client.end();
};

/** A second server that has every commit before the first one says so. */
const standbyOf = async (primary: PostgresServer): Promise<PostgresServer> => {
  // Its files as a crash would leave them.
  await primary.kill();
  const standby = await startPostgres({
    isSafe: true,
    settings: {
      primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres application_name=standby`,
      hot_standby: "on",
    },
    fill: async (data) => {
      await run("cp", ["-a", join(primary.folder, "data"), data]);
      writeFileSync(join(data, "standby.signal"), "");
      // Of the server that it is a copy of.
      await run("rm", ["-f", join(data, "postmaster.pid")]);
      await primary.start();
    },
  });
  await querySql(primary.url, "ALTER SYSTEM SET synchronous_standby_names = '*'");
  await querySql(primary.url, "SELECT pg_reload_conf()");
  return standby;
};

const kill = async (child: ChildProcess | undefined): Promise<void> => {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
};

/** Joins the orders with what the receiver got. */
const judge = async (url: string, arrivals: ReadonlyMap<string, number>) => {
  const orders = await querySql(url, "SELECT id, size FROM orders");
  const owed = new Set(
    orders.flatMap(({ id, size }) =>
      eventsOfOrder(String(id), Number(size)).map(({ event_id, tenant_id, total_usage }) =>
        JSON.stringify([event_id, tenant_id, total_usage]),
      ),
    ),
  );
  return {
    orders: orders.length,
    events: owed.size,
    lost: [...owed].filter((id) => !arrivals.has(id)),
    unfounded: [...arrivals.keys()].filter((id) => !owed.has(id)),
    repeats: [...arrivals.values()].reduce((sum, times) => sum + times - 1, 0),
  };
};
