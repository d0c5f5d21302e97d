import { MeterError, type MeterErrorCode } from "@meter-lib/core/store";

/** What to do about a failure, by its SQLSTATE. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const ADVICE: ReadonlyMap<string, string> = new Map([
  [
    "25006",
    "it is read-only: connect to the primary, not to a replica (in a URL with several hosts: target_session_attrs=read-write)",
  ],
  ["28P01", "the password is wrong"],
  ["3D000", "there is no such database"],
  ["53100", "no room on the server's disk"],
  [
    "53300",
    "the server takes no more connections: raise max_connections, or have fewer clients; each outbox needs one connection of its own",
  ],
  [
    "55P03",
    "others kept the outbox locked for longer than lockTimeoutMs: look for transactions that hang (SELECT * FROM pg_stat_activity WHERE state = 'idle in transaction')",
  ],
  ["57014", "a statement took longer than statementTimeoutMs"],
]);

/** Of the system's and of the driver's errors, by what they say. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [
    /does not support SSL/i,
    "the server takes no TLS: leave ssl (in a URL: sslmode) out, or switch ssl on in postgresql.conf",
  ],
  [
    /no pg_hba\.conf entry.*no encryption/i,
    "the server takes no connection without TLS: give ssl to the pool or client (in a URL: sslmode=require)",
  ],
  [
    /self[- ]signed certificate|unable to (?:get|verify)|certificate/i,
    "the server's certificate is not trusted: give its CA (ssl: { ca }); do not switch the check off (rejectUnauthorized: false) outside of tests",
  ],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT/, "nothing answers there: check host and port"],
];

/** A failure of the connection, not of a statement: what was under way has no answer. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

/** SQLSTATE of an error, if it is the server's. */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : undefined;

/** Whether the server ends the connection with this error: a shutdown, a crash of another process. */
export const isFatal = (error: unknown): boolean => {
  const state = sqlState(error);
  return state === undefined || state.startsWith("57P") || state.startsWith("08") || state === "25P03";
};

/** The failure as the error of an outbox; what is none of the database's comes back as it is. */
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
    return `the tables of the outbox are missing in the schema ${schema}: run \`meter outbox migrate --postgres URL\`, or migratePostgres()`;
  if (state === "42501")
    return `this user may not do it: grant it the rights on the schema ${schema} that the README lists ("Grant permissions")`;
  const known = state === undefined ? undefined : ADVICE.get(state);
  return known ?? WORDS.find(([words]) => words.test(text))?.[1];
};

/** Of several attempts (IPv4, IPv6) Node makes one error with an empty message. */
const messageOf = (error: Error): string => {
  if (error.message !== "") return error.message;
  if (error instanceof AggregateError) return error.errors.map((each) => messageOf(asError(each))).join("; ");
  return "code" in error ? String(error.code) : error.name;
};

const asError = (value: unknown): Error => (value instanceof Error ? value : new Error(String(value)));
