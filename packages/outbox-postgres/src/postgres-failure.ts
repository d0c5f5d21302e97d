import { MeterError, type MeterErrorCode } from "@meter-lib/core/store";

export const TO_THE_PRIMARY =
  "connect to the primary, not to a replica (in a URL with several hosts: target_session_attrs=read-write)";

/** What to do about a failure, by SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["25006", `the server or the transaction is read-only: ${TO_THE_PRIMARY}`],
  ["28P01", "the password is wrong"],
  ["3D000", "the database does not exist"],
  ["53100", "no room on the server's disk"],
  [
    "53300",
    "the server accepts no more connections: raise max_connections, or use fewer clients; each outbox needs one connection",
  ],
  [
    "55P03",
    "the outbox was locked for longer than lockTimeoutMs: look for hanging transactions (SELECT * FROM pg_stat_activity WHERE state = 'idle in transaction')",
  ],
  ["57014", "a statement took longer than statementTimeoutMs"],
]);

/** By the messages of the system's and the driver's errors. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /does not support SSL/i,
    "the server does not support TLS: remove ssl (in a URL: sslmode), or enable ssl in postgresql.conf",
  ],
  [
    /no pg_hba\.conf entry.*no encryption/i,
    "the server requires TLS: set ssl on the pool or client (in a URL: sslmode=require)",
  ],
  [
    /self[- ]signed certificate|unable to (?:get|verify)|certificate/i,
    "the server's certificate is not trusted: set its CA (ssl: { ca }); do not disable the check (rejectUnauthorized: false) outside tests",
  ],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/, "no server responds: check host and port"],
];

/** A failure of the connection, not of a statement: running statements have no result. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** Returns the SQLSTATE, if the error is the server's. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : undefined;

/** Whether the transaction has to begin again: not serializable, a deadlock. Prisma has a code of its own. */
export const isOfTransaction = (error: unknown): boolean =>
  sqlState(error)?.startsWith("40") === true ||
  (error instanceof Error && "code" in error && error.code === "P2034");

/** Whether the server ends the connection with this error: a shutdown, or a crash of another process. */
export const isFatal = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === undefined || state.startsWith("57P") || state.startsWith("08") || state === "25P03";
};

/** Converts a database error to an error of the outbox; returns other errors unchanged. */
export const storeError = (error: unknown, name: string, schema: string): unknown => {
  if (!(error instanceof Error) || error instanceof MeterError) return error;
  const state = sqlState(error);
  const text = messageOf(error);
  if (state === undefined && !(error instanceof ConnectionLost) && !("code" in error) && !isDriverError(text))
    return error;
  const advice = adviceFor(state, text, schema);
  const code: MeterErrorCode =
    state === "53100" ? "no_room" : isMissing(state) ? "invalid_options" : "outbox_failed";
  const said = state === undefined ? text : `${text} (SQLSTATE ${state})`;
  return new MeterError(code, [name, advice, said].filter((part) => part !== undefined).join(": "), {
    cause: error,
  });
};

/** A schema, a table, or the function. */
const isMissing = (state: string | undefined): boolean =>
  state === "3F000" || state === "42P01" || state === "42883";

const isDriverError = (text: string): boolean =>
  WORDS.some(([words]) => words.test(text)) || /connection|timeout/i.test(text);

const adviceFor = (state: string | undefined, text: string, schema: string): string | undefined => {
  if (isMissing(state))
    return `the tables of the outbox are missing in the schema ${schema}: run \`meter outbox migrate --postgres URL\`, or migratePostgres(), on the database of this connection`;
  if (state === "42501")
    return `this user lacks rights: grant the rights on the schema ${schema} that the README lists ("Grant permissions")`;
  const known = state === undefined ? undefined : ADVICE.get(state);
  return known ?? WORDS.find(([words]) => words.test(text))?.[1];
};

/** For several attempts (IPv4, IPv6), Node throws one error with an empty message. */
const messageOf = (error: Error): string => {
  if (error.message !== "") return error.message;
  if (error instanceof AggregateError) return error.errors.map((each) => messageOf(asError(each))).join("; ");
  return "code" in error ? String(error.code) : error.name;
};

const asError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)));
