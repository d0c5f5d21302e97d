import { describeIssue, type EventIssue } from "../check/event-issue.ts";

/**
 * Why something did not work. A closed set:
 * - `invalid_event`: the event breaks a rule; `issues` says which. Nothing was sent or stored.
 * - `invalid_options`, `invalid_catalog`: a mistake in the set-up; thrown.
 * - `customer_not_found`: the tenant has no customer. Nothing was sent.
 * - `lookup_failed`: the customer could not be looked up. Nothing was sent.
 * - `unreachable`: no connection to the backend, or it was lost before the response (then `ambiguous`).
 * - `timeout`: no response in time.
 * - `refused`: the backend refused the event; see `status` and `body`.
 * - `unexpected_response`: the response is not the backend's (a captive portal, a proxy's page).
 * - `aborted`: the caller's signal aborted the call.
 * - `no_room`: the outbox, or its disk, is full. Nothing was stored.
 * - `outbox_failed`: the outbox does not work at the moment. Nothing was stored.
 * - `id_conflict`: the event id was used before with different content. Nothing was stored.
 * - `not_correctable`: the event cannot be corrected: nobody here knows it, it was given up, or its receiver carries no such correction
 *   out. Nothing was changed.
 * - `closed`: the client is closed.
 */
export type MeterErrorCode =
  | "invalid_event"
  | "invalid_options"
  | "invalid_catalog"
  | "customer_not_found"
  | "lookup_failed"
  | "unreachable"
  | "timeout"
  | "refused"
  | "unexpected_response"
  | "aborted"
  | "no_room"
  | "outbox_failed"
  | "id_conflict"
  | "not_correctable"
  | "closed";

export interface MeterErrorDetails {
  /** Whether the event may have been counted anyway. @default false */
  readonly ambiguous?: boolean | undefined;
  readonly status?: number | undefined;
  readonly body?: unknown;
  readonly issues?: readonly EventIssue[] | undefined;
  readonly cause?: unknown;
}

/** The only error class of meter-lib. Thrown for a caller's mistake in the set-up; a value in every result about an event. */
export class MeterError extends Error {
  override readonly name = "MeterError";
  readonly code: MeterErrorCode;
  /** Whether the event may have been counted. Send it under a new id only if this is false. */
  readonly ambiguous: boolean;
  /** HTTP status of the backend's response, if there was one. */
  readonly status: number | undefined;
  /** The backend's response: parsed JSON, or text. */
  readonly body: unknown;
  /** What is wrong, field by field. Empty unless the caller's input is at fault. */
  readonly issues: readonly EventIssue[];

  constructor(code: MeterErrorCode, message: string, details: MeterErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.ambiguous = details.ambiguous ?? false;
    this.status = details.status;
    this.body = details.body;
    this.issues = details.issues ?? [];
  }

  /** Creates the error for invalid input; its message names every field. */
  static fromIssues(
    code: "invalid_event" | "invalid_options" | "invalid_catalog",
    issues: readonly EventIssue[],
  ): MeterError {
    return errorOf(code, issues);
  }
}

// A class that names itself is renamed by the bundler, and an uncaught error printed as `_MeterError`.
const errorOf = (code: MeterErrorCode, issues: readonly EventIssue[]): MeterError =>
  new MeterError(code, issues.map(describeIssue).join("; "), { issues });

const isMeterErrorName = (error: Error): boolean => error.name === "MeterError" && "code" in error;

/**
 * Whether a caught value is a {@link MeterError}, including one from another copy of this package.
 *
 * @example
 * ```ts
 * if (isMeterError(error)) for (const { field, expected } of error.issues) console.error(field, expected);
 * ```
 */
export const isMeterError = (error: unknown): error is MeterError =>
  error instanceof MeterError || (error instanceof Error && isMeterErrorName(error));
