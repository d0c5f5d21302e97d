import { once } from "node:events";
import { createAdaptorServer } from "@hono/node-server";
import { type Catalog, type Clock, litewaveCatalog, MeterError, systemClock } from "@meter-lib/core";
import { createApp } from "./http/app.ts";
import { createFaults } from "./http/faults.ts";
import { createKeyCheck } from "./http/key-check.ts";
import { openStore } from "./store/store.ts";
import type { UsageQuery, UsageRow } from "./store/usage-query.ts";
import { isName, NAME_EXPECTED } from "./wire/field-issue.ts";

export interface SandboxOptions {
  /** Port on 127.0.0.1; 0 picks a free one. @default 0 */
  readonly port?: number;
  /** Where to keep everything: an SQLite file, new or of an earlier run. @default in memory */
  readonly file?: string;
  /** Tenants and the customers who pay for them. More can be added over HTTP. @default none */
  readonly tenants?: Readonly<Record<string, string>>;
  /**
   * With at least one, the portal's lookup needs a right key; internal lookups and event posts work without a key, as plain
   * clients send none there. A wrong key is 401 everywhere. @default none
   */
  readonly apiKeys?: readonly string[];
  /** Meters by id: they say how usage adds up. Ids that it does not have are taken too, and summed. @default `litewaveCatalog` */
  readonly catalog?: Catalog;
  /** An event is counted as late when its time lies more than this before its arrival. Milliseconds. @default 86_400_000 (24 hours) */
  readonly lateAfterMs?: number;
  /** How long an event's identity is remembered, from its first arrival. Milliseconds. @default for ever */
  readonly dedupWindowMs?: number;
  /** Largest body taken, in bytes. @default 1_048_576 (1 MiB) */
  readonly maxBodyBytes?: number;
  /** What a customer lookup answers: a list, or the one object (404 when unknown). @default "list" */
  readonly lookupAnswer?: "list" | "object";
  /** Where the time of arrival comes from. @default the system's clock */
  readonly clock?: Pick<Clock, "now">;
}

/** A running backend. */
export interface Sandbox {
  /** Base URL without a slash at its end: `http://127.0.0.1:8099`. */
  readonly url: string;
  /** What was used, as `GET /sandbox/v1/usage` answers it. */
  usage(query?: UsageQuery): readonly UsageRow[];
  /** Answers what is on its way, then stops. May be called twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const DAY_MS = 86_400_000;
const MIB = 1_048_576;
const CLOSE_GRACE_MS = 2000;
const SWEEP_MS = 20;

const checkOptions = ({ port = 0, tenants = {}, apiKeys = [] }: SandboxOptions): void => {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new MeterError("invalid_options", `port: expected an integer from 0 to 65535, got ${port}`);
  }
  for (const [tenant_id, customer_id] of Object.entries(tenants)) {
    if (!isName(tenant_id) || !isName(customer_id)) {
      throw new MeterError("invalid_options", `tenants: expected ids that are ${NAME_EXPECTED}`);
    }
  }
  if (apiKeys.includes(""))
    throw new MeterError("invalid_options", "apiKeys: expected keys that are not empty");
};

/**
 * Starts a metering backend on this machine: both dialects, all customer lookups, dedup, and an API for what was used.
 *
 * @throws {MeterError} `invalid_options` for a wrong option, a port in use, or a file that is not the sandbox's
 * @example
 * await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
 */
export const createSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  checkOptions(options);
  const store = openStore({
    file: options.file,
    catalog: options.catalog ?? litewaveCatalog,
    tenants: options.tenants ?? {},
    lateAfterMs: options.lateAfterMs ?? DAY_MS,
    dedupWindowMs: options.dedupWindowMs ?? Number.POSITIVE_INFINITY,
  });
  const clock = options.clock ?? systemClock;
  const closing = new AbortController();
  const app = createApp({
    store,
    catalog: options.catalog ?? litewaveCatalog,
    faults: createFaults(),
    closing: closing.signal,
    keys: createKeyCheck(options.apiKeys ?? []),
    now: () => clock.now(),
    maxBodyBytes: options.maxBodyBytes ?? MIB,
    lookupAnswer: options.lookupAnswer ?? "list",
  });
  const server = createAdaptorServer({ fetch: app.fetch });
  const port = await listen(server, options.port ?? 0).catch((error: unknown) => {
    store.close();
    throw error;
  });

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing.abort();
    closed ??= stop(server).finally(() => store.close());
    return closed;
  };
  return { url: `http://127.0.0.1:${port}`, usage: store.usage.rows, close, [Symbol.asyncDispose]: close };
};

type Server = ReturnType<typeof createAdaptorServer>;

const listen = async (server: Server, port: number): Promise<number> => {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MeterError("invalid_options", `port: expected a free port, got ${port} (${why})`, {
      cause: error,
    });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
};

const stop = async (server: Server): Promise<void> => {
  const closed = once(server, "close");
  server.close();
  // A client that keeps its connection busy does not hold up the end.
  const timer = setTimeout(() => {
    if ("closeAllConnections" in server) server.closeAllConnections();
  }, CLOSE_GRACE_MS);
  // Node closes what is idle now; what falls idle later, the end of a stream for one, would be kept alive.
  const sweep = setInterval(() => {
    if ("closeIdleConnections" in server) server.closeIdleConnections();
  }, SWEEP_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
};
