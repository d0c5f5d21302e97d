import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type Catalog, type Clock, litewaveCatalog, MeterError } from "@meter-lib/core";
import { systemClock } from "@meter-lib/core/transport";
import { createApp } from "./http/app.ts";
import { createFaults } from "./http/faults.ts";
import { createKeyCheck } from "./http/key-check.ts";
import { createListener } from "./http/listener.ts";
import type { SandboxOutbox } from "./http/sandbox-outbox.ts";
import { createUrlToken, isUrlToken, URL_TOKEN_EXPECTED } from "./http/url-token.ts";
import { isLoopback, reachableUrls } from "./reachable-urls.ts";
import { openStore } from "./store/store.ts";
import type { UsageQuery, UsageRow } from "./store/usage-query.ts";
import { isName, NAME_EXPECTED } from "./wire/field-issue.ts";

export interface SandboxOptions {
  /** Port; 0 picks a free one. @default 0 */
  readonly port?: number;
  /**
   * Address to listen on. On an address other than loopback, other machines have access, and every request needs a token, which `url`
   * contains.
   * @default "127.0.0.1"
   */
  readonly host?: string;
  /**
   * The token that the path of every request must start with: 16 to 128 letters, digits, `-` and `_`.
   * @default none on a loopback address, elsewhere a random one
   */
  readonly token?: string;
  /**
   * Outboxes of the app under development: the dashboard shows their dead letters and reconciles them with what was counted. @default none
   */
  readonly outboxes?: readonly SandboxOutbox[];
  /** SQLite file for all data, new or from an earlier run. @default in memory */
  readonly file?: string;
  /** Customers by tenant. More can be added over HTTP. @default none */
  readonly tenants?: Readonly<Record<string, string>>;
  /**
   * API keys of the portal. More can be created over HTTP. If there is at least one, the portal's lookup requires a valid key; internal
   * lookups and event posts work without one, because plain clients send none. An invalid key gets 401 everywhere. @default none
   */
  readonly apiKeys?: readonly string[];
  /** Meters by id; they define how usage adds up. Events of other meters are accepted, too, and summed. @default `litewaveCatalog` */
  readonly catalog?: Catalog;
  /** An event counts as late if its event time is more than this before its arrival. Milliseconds. @default 86_400_000 (24 hours) */
  readonly lateAfterMs?: number;
  /** How long an event's identity is remembered, from its first arrival. Milliseconds. @default forever */
  readonly dedupWindowMs?: number;
  /** Maximum size of a body, in bytes. @default 1_048_576 (1 MiB) */
  readonly maxBodyBytes?: number;
  /** Format of a customer lookup's response: a list, or one object (404 if unknown). @default "list" */
  readonly lookupAnswer?: "list" | "object";
  /** Source of the time of arrival. @default the system's clock */
  readonly clock?: Pick<Clock, "now">;
}

/** A running backend. */
export interface Sandbox {
  /** Base URL without a trailing slash: `http://127.0.0.1:8099`, with a token `http://127.0.0.1:8099/TOKEN`. */
  readonly url: string;
  /** All base URLs, `url` first: several if it listens on all addresses of the machine. */
  readonly urls: readonly string[];
  /** Returns the usage, as in `GET /sandbox/v1/usage`. */
  usage(query?: UsageQuery): readonly UsageRow[];
  /** Completes pending requests, then stops. May be called twice. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const DAY_MS = 86_400_000;
const MIB = 1_048_576;
const CLOSE_GRACE_MS = 2000;
const SWEEP_MS = 20;

const checkOptions = ({ port = 0, host, token, tenants = {}, apiKeys = [] }: SandboxOptions): void => {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new MeterError("invalid_options", `port: expected an integer from 0 to 65535, got ${port}`);
  }
  if (host === "") throw new MeterError("invalid_options", "host: expected an address, got nothing");
  if (token !== undefined && !isUrlToken(token))
    throw new MeterError("invalid_options", `token: expected ${URL_TOKEN_EXPECTED}`);
  for (const [tenant_id, customer_id] of Object.entries(tenants)) {
    if (!isName(tenant_id) || !isName(customer_id)) {
      throw new MeterError("invalid_options", `tenants: expected ids that are ${NAME_EXPECTED}`);
    }
  }
  if (apiKeys.includes("")) throw new MeterError("invalid_options", "apiKeys: expected non-empty keys");
};

/**
 * Starts a metering backend on this machine: both dialects, all customer lookups, dedup, and an API for usage.
 *
 * @throws {MeterError} `invalid_options` for an invalid option, a port in use, or a file that is not the sandbox's
 * @example
 * await using sandbox = await createSandbox({ tenants: { tenant_123: "cust_001" } });
 */
export const createSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  checkOptions(options);
  const { host = "127.0.0.1", outboxes = [], catalog = litewaveCatalog, clock = systemClock } = options;
  const isLocal = isLoopback(host);
  const token = options.token ?? (isLocal ? undefined : createUrlToken());
  const store = openStore({
    file: options.file,
    catalog,
    apiKeys: options.apiKeys ?? [],
    tenants: options.tenants ?? {},
    lateAfterMs: options.lateAfterMs ?? DAY_MS,
    dedupWindowMs: options.dedupWindowMs ?? Number.POSITIVE_INFINITY,
  });
  const now = (): number => clock.now();
  const closing = new AbortController();
  const app = createApp({
    store,
    catalog,
    outboxes,
    anyHost: !isLocal,
    faults: createFaults(),
    closing: closing.signal,
    keys: createKeyCheck(store.apiKeys, now),
    now,
    maxBodyBytes: options.maxBodyBytes ?? MIB,
    lookupAnswer: options.lookupAnswer ?? "list",
  });
  const server = createServer(createListener(app, token));
  const port = await listen(server, host, options.port ?? 0).catch((error: unknown) => {
    store.close();
    throw error;
  });
  const urls = reachableUrls(host, port).map((url) => (token === undefined ? url : `${url}/${token}`));

  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing.abort();
    closed ??= stop(server).finally(() => store.close());
    return closed;
  };
  return {
    url: urls[0] ?? "",
    urls,
    usage: store.usage.rows,
    close,
    [Symbol.asyncDispose]: close,
  };
};

const NO_SUCH_ADDRESS = new Set(["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN"]);

const listen = async (server: Server, host: string, port: number): Promise<number> => {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (NO_SUCH_ADDRESS.has(code)) {
      throw new MeterError(
        "invalid_options",
        `host: expected an address of this machine, got ${host} (${why})`,
        {
          cause: error,
        },
      );
    }
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
  // A client that keeps its connection busy must not delay closing.
  const timer = setTimeout(() => {
    server.closeAllConnections();
  }, CLOSE_GRACE_MS);
  // Node closes connections that are idle now; one that becomes idle later, such as an ended stream, would stay open.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
};
