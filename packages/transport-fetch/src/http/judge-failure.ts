import type { DestinationFault, Unsure } from "@meter-lib/core/transport";
import type { HttpFailure } from "./exchange.ts";
import { type ErrorLink, type Unsent, unsentOf } from "./unsent-codes.ts";

/**
 * Interprets a request without a response. After a refused connection, an unknown host, a failed handshake or a refused proxy tunnel, the
 * event was certainly not processed; after anything else (a reset, a timeout, a browser's bare TypeError) the receiver may have it.
 */
export const judgeFailure = ({ error, timeout }: HttpFailure): DestinationFault | Unsure => {
  const links = chain(error);
  const reason = links.findLast(({ message }) => message !== "")?.message.trim() ?? "no answer";
  const unsent = worstOf(links.flatMap((link) => unsentOf(link) ?? []));
  if (unsent !== undefined) return { kind: unsent.kind, reason: `${unsent.why}: ${reason}` };
  if (timeout) return { state: "unsure", reason: "no answer in time", timeout: true };
  return { state: "unsure", reason: `the connection broke: ${reason}` };
};

/** Returns the error that needs action, or else the innermost, which is the most specific. */
const worstOf = (unsent: readonly Unsent[]): Unsent | undefined =>
  unsent.find(({ kind }) => kind === "blocked") ?? unsent.at(-1);

const MAX_DEPTH = 10;

/** Returns the error, its causes and the errors of an AggregateError (one per address tried), outermost first. */
const chain = (error: unknown, depth = 0): readonly ErrorLink[] => {
  if (typeof error !== "object" || error === null || depth > MAX_DEPTH) return [];
  const link = {
    name: textOf(error, "name"),
    code: textOf(error, "code"),
    syscall: textOf(error, "syscall"),
    message: textOf(error, "message"),
  };
  const inner = "cause" in error ? chain(error.cause, depth + 1) : [];
  const tried = "errors" in error && Array.isArray(error.errors) ? error.errors.slice(0, MAX_DEPTH) : [];
  return [link, ...inner, ...tried.flatMap((one) => chain(one, depth + 1))];
};

const textOf = (error: object, key: keyof ErrorLink): string => {
  const value: unknown = Reflect.get(error, key);
  return typeof value === "string" ? value : "";
};
