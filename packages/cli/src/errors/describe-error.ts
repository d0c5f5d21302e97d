import { isMeterError, type MeterError, type MeterErrorCode } from "@meter-lib/core";
import { describeIssue } from "@meter-lib/core/transport";
import { CliError } from "./cli-error.ts";
import { EXIT, type ExitCode } from "./exit-code.ts";

/** An error as it is printed on standard error; with `--json`, as an object. */
export interface ErrorReport {
  readonly exit: ExitCode;
  readonly code: string;
  /** In words. */
  readonly lines: readonly string[];
  /** For a bug in this program. */
  readonly stack?: string | undefined;
}

const EXITS: Readonly<Record<MeterErrorCode, ExitCode>> = {
  invalid_options: EXIT.usage,
  invalid_event: EXIT.data,
  invalid_catalog: EXIT.data,
  id_conflict: EXIT.data,
  not_correctable: EXIT.data,
  customer_not_found: EXIT.undelivered,
  lookup_failed: EXIT.undelivered,
  unreachable: EXIT.undelivered,
  timeout: EXIT.undelivered,
  refused: EXIT.undelivered,
  unexpected_response: EXIT.undelivered,
  aborted: EXIT.interrupted,
  no_room: EXIT.storage,
  outbox_failed: EXIT.storage,
  closed: EXIT.fault,
};

/** The command-line name of an option or of a field of an event. */
const FLAGS: Readonly<Record<string, string>> = {
  baseUrl: "--base-url",
  lookupUrl: "--lookup-url",
  apiKey: "--api-key",
  dialect: "--dialect",
  lookupRoute: "--lookup-route",
  route: "--lookup-route",
  path: "--outbox",
  port: "--port",
  host: "--host",
  file: "--file",
  tenants: "--tenant",
  apiKeys: "--api-key",
};

const inFlags = (field: string): string => FLAGS[field] ?? field;

export const meterErrorExit = (error: MeterError): ExitCode =>
  error.ambiguous ? EXIT.ambiguous : EXITS[error.code];

const meterErrorLines = (error: MeterError): readonly string[] => {
  if (error.code !== "invalid_options") return [error.message];
  // Some packages name the field only in the message.
  if (error.issues.length === 0) return [error.message.replace(/^\w+(?=:)/, inFlags)];
  return error.issues.map(({ field, given, expected }) =>
    describeIssue({
      field: inFlags(field),
      given,
      expected: expected.replace(
        "as this option or as environment variable",
        "as this flag or in the environment as",
      ),
    }),
  );
};

const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && "code" in error && "path" in error;

const FILE_WORDS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "no permission",
  EISDIR: "a folder, not a file",
  ENOSPC: "no room on the disk",
  EROFS: "the disk is read-only",
};

/** Returns what went wrong, and the exit code. */
export const describeError = (error: unknown): ErrorReport => {
  if (error instanceof CliError) return { exit: error.exit, code: "cli", lines: error.lines };
  if (isMeterError(error))
    return { exit: meterErrorExit(error), code: error.code, lines: meterErrorLines(error) };
  if (isFileError(error)) {
    const code = error.code ?? "";
    return { exit: EXIT.storage, code, lines: [`${error.path}: ${FILE_WORDS[code] ?? error.message}`] };
  }
  if (error instanceof Error && error.name === "AbortError")
    return { exit: EXIT.interrupted, code: "aborted", lines: ["stopped"] };
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return { exit: EXIT.fault, code: "fault", lines: message.split("\n"), stack };
};
