import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";
import { chown, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../../../scripts/test/free-port.ts";
import { untilLogged } from "../../transport-kafka/test/until-logged.ts";
import { psql, queryPostgres, USER } from "./query-postgres.ts";

const run = promisify(execFile);
const TABLES = fileURLToPath(new URL("../postgres/tables.sql", import.meta.url));
const PASSWORD = "meter";

export interface Postgres {
  readonly pid: number;
  /** For JDBC. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly port: number;
  /** Rows of a query, each one JSON object. */
  query(sql: string): Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

const binaries = (): string | undefined =>
  globSync("/usr/lib/postgresql/*/bin/").find((folder) => existsSync(path.join(folder, "initdb")));

/** Why PostgreSQL is not available; undefined if it is. */
export const whyNoPostgres = (): string | undefined =>
  binaries() === undefined ? "needs PostgreSQL's server (Debian: apt install postgresql)" : undefined;

/** A PostgreSQL on 127.0.0.1 with the two tables that the job fills. */
export const startPostgres = async (folder: string, { detached = false } = {}): Promise<Postgres> => {
  const bin = binaries();
  if (bin === undefined) throw new Error(whyNoPostgres());
  // PostgreSQL refuses to run as root.
  const owner = process.getuid?.() === 0 ? ownerIds() : undefined;
  const data = path.join(folder, "data");
  await mkdir(folder, { recursive: true });
  if (owner !== undefined) await chown(folder, owner.uid, owner.gid);
  const isNew = !existsSync(data);
  if (isNew)
    await run(path.join(bin, "initdb"), ["-D", data, "-U", USER, "-A", "trust", "-N"], {
      ...owner,
      cwd: folder,
    });
  const port = await freePort();
  const logFile = path.join(folder, "postgres.log");
  const log = await open(logFile, "w");
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    "shared_buffers=32MB",
  ];
  const child: ChildProcess = spawn(
    path.join(bin, "postgres"),
    ["-D", data, ...settings.flatMap((setting) => ["-c", setting])],
    { stdio: ["ignore", log.fd, log.fd], detached, ...owner, cwd: folder },
  );
  if (detached) child.unref();
  else process.once("exit", () => child.kill("SIGQUIT"));
  await log.close();
  await untilLogged(child, logFile, "ready to accept connections");

  if (isNew) await psql(port, "-f", TABLES);
  return {
    get pid() {
      return child.pid ?? 0;
    },
    port,
    url: `jdbc:postgresql://127.0.0.1:${port}/postgres`,
    user: USER,
    password: PASSWORD,
    query: (sql) => queryPostgres(port, sql),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGINT");
      await exited;
    },
  };
};

const ownerIds = (): { readonly uid: number; readonly gid: number } => {
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
};
