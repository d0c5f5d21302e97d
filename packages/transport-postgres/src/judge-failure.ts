import type { DestinationFault, SendAnswer } from "@meter-lib/core/transport";

/** The SQLSTATE of an error, if it is the server's. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export const sqlState = (error: unknown): string | undefined =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : undefined;

/** The server ends the connection with these, perhaps after it has committed. */
const PERHAPS_WRITTEN = /^(?:08|57P0[12]|40003)/;
/** By another transaction; the same statement succeeds later. */
const CONFLICT = /^(?:40|55P03)/;
/** One of the events does not fit: a value out of range, or a constraint or trigger of the table's owner. */
const EVENT = /^(?:21|22|23|44|54|P0)/;
const CREDENTIALS = /^28/;
/** Nothing works until somebody acts: a missing table, column or database, missing rights, a replica. */
const BLOCKED = /^(?:0A|0L|25006|28|3D|3F|42)/;

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:42P01|42703|3F000)/,
    "the table is missing or of another version: run migrateUsage(), or sql/usage.sql of the package",
  ],
  [/^42501/, "this user may not do it: grant it USAGE on the schema, and SELECT and INSERT on usage_events"],
  [
    /^25006/,
    "it is read-only: connect to the primary, not to a replica (in a URL with several hosts: target_session_attrs=read-write)",
  ],
  [/^28P01/, "the password is wrong"],
  [/^3D000/, "the database does not exist"],
  [/^53100/, "no room on the server's disk"],
  [/^53300/, "the server takes no more connections: raise max_connections, or have fewer clients"],
];

/** Interprets a failed statement. When the server reports an error, nothing of the statement was written. */
export const judgeStatement = (error: unknown): SendAnswer => {
  const state = sqlState(error);
  const reason = reasonOf(error, state);
  if (state === undefined || PERHAPS_WRITTEN.test(state))
    return { every: { state: "unsure", reason: `the connection broke: ${reason}` } };
  if (CONFLICT.test(state)) return { every: { state: "retry", reason } };
  return { fault: faultOf(state, reason) };
};

/** Interprets an attempt to get a connection: nothing was sent. */
export const judgeConnecting = (error: unknown): SendAnswer => {
  const state = sqlState(error);
  const reason = reasonOf(error, state);
  if (state !== undefined) return { fault: faultOf(state, reason) };
  const kind = /certificate|SSL|TLS/i.test(reason) ? "blocked" : "unavailable";
  return { fault: { kind, reason: `no connection: ${reason}` } };
};

const faultOf = (state: string, reason: string): DestinationFault => {
  if (EVENT.test(state)) return { kind: "invalid", reason };
  if (!BLOCKED.test(state)) return { kind: "unavailable", reason };
  return { kind: "blocked", reason, credentials: CREDENTIALS.test(state) };
};

const reasonOf = (error: unknown, state: string | undefined): string => {
  const said = messageOf(error);
  if (state === undefined) return said;
  const advice = ADVICE.find(([states]) => states.test(state))?.[1];
  return `${advice === undefined ? "" : `${advice}: `}${said} (SQLSTATE ${state})`;
};

/** Of several attempts (IPv4, IPv6), Node makes one error with an empty message. */
const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
};
