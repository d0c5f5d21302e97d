/** Exit codes. Scripts may rely on them. */
export const EXIT = {
  /** Success. */
  done: 0,
  /** A bug in this program. */
  fault: 1,
  /** An invalid flag or argument. Nothing was done. */
  usage: 2,
  /** Invalid data: an event, a line of a file, a catalog. */
  data: 3,
  /** The check failed: a breaking change, a difference, a failed test. */
  findings: 4,
  /** Not delivered: the backend or the customer lookup refused, or not yet. */
  undelivered: 5,
  /** The event may have been counted. */
  ambiguous: 6,
  /** A file or an outbox is unusable. */
  storage: 7,
  /** Ctrl-C (SIGINT). What was recorded is kept. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table in the README and in `meter --help`. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: "done",
  1: "a bug in this program",
  2: "an invalid flag or argument; nothing was done",
  3: "invalid data: an event, a line of a file, a catalog",
  4: "the check failed: breaking changes, differences, failed tests",
  5: "not delivered, or not yet",
  6: "an event may have been counted",
  7: "a file or an outbox is unusable",
  130: "stopped by Ctrl-C; what was recorded is kept",
};
