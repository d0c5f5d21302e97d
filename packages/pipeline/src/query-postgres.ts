import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 2 ** 28;

export const USER = "meter";

/** Runs psql against a server of this machine and returns its output. */
export const psql = async (port: number, ...args: readonly string[]): Promise<string> => {
  const where = ["-h", "127.0.0.1", "-p", String(port), "-U", USER, "-d", "postgres"];
  const { stdout } = await run("psql", ["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", ...where, ...args], {
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  return stdout;
};

/** The rows of a query. */
export const queryPostgres = async (port: number, sql: string): Promise<readonly unknown[]> => {
  const text = await psql(port, "-c", `SELECT row_to_json(r) FROM (${sql}) AS r`);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): unknown => JSON.parse(line));
};
