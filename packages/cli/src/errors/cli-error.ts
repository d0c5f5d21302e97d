import { EXIT, type ExitCode } from "./exit-code.ts";

/** A mistake that the user can fix. Its message says what was given, what was expected, and what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly exit: ExitCode;
  /** The message, line by line. */
  readonly lines: readonly string[];

  constructor(exit: ExitCode, message: string | readonly string[], options?: ErrorOptions) {
    const lines = typeof message === "string" ? [message] : message;
    super(lines.join("\n"), options);
    this.exit = exit;
    this.lines = lines;
  }

  /** An invalid flag or argument. */
  static usage(flag: string, expected: string, given: string): CliError {
    return new CliError(EXIT.usage, `${flag}: expected ${expected}, got ${given}`);
  }
}
