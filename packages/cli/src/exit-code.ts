/** How the process ends. Scripts may rely on these numbers. */
export const EXIT = {
  /** Everything was done. */
  done: 0,
  /** Something that nobody foresaw: a fault of this program. */
  fault: 1,
  /** A wrong flag or argument. Nothing was done. */
  usage: 2,
  /** The data is wrong: an event, a line of a file, a catalog. */
  data: 3,
  /** The question was answered, and the answer is no: a breaking change, a difference, a check that failed. */
  findings: 4,
  /** Not delivered: the backend or the customer lookup did not take it, or not yet. */
  undelivered: 5,
  /** The event may have been counted, and may not. */
  ambiguous: 6,
  /** A file or an outbox cannot be used. */
  storage: 7,
  /** Ctrl-C (SIGINT). What was recorded is kept. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table of the README, and of `meter --help`. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: "done",
  1: "a fault of this program",
  2: "a wrong flag or argument; nothing was done",
  3: "wrong data: an event, a line of a file, a catalog",
  4: "the answer is no: breaking changes, differences, failed checks",
  5: "not delivered, or not yet",
  6: "an event may or may not have been counted",
  7: "a file or an outbox cannot be used",
  130: "stopped by Ctrl-C; what was recorded is kept",
};
