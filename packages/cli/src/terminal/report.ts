import type { ExitCode } from "../errors/exit-code.ts";
import type { Line } from "./line.ts";

/** The result of a command. */
export interface Report {
  readonly exit: ExitCode;
  /** For people: printed on standard output. Empty if everything was printed already. */
  readonly lines: readonly Line[];
  /** For programs: printed with `--json`. Undefined if it was printed line by line. */
  readonly data: unknown;
}
