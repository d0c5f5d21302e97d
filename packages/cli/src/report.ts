import type { ExitCode } from "./exit-code.ts";
import type { Line } from "./terminal/line.ts";

/** What a command has to say when it is done. */
export interface Report {
  readonly exit: ExitCode;
  /** For people: printed on standard output. Empty when all was said on the way. */
  readonly lines: readonly Line[];
  /** For programs: printed by `--json`. Undefined when it was written line by line. */
  readonly data: unknown;
}
