import type { Command } from "commander";
import type { Invoke } from "./invoke.ts";

/** A command as help and completion list it. Its file, with flags and work, is loaded when the command is named. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly load?: () => Promise<DefineCommand>;
  readonly commands?: readonly CommandEntry[];
}

/** Gives a command its arguments, flags, help and work. */
export type DefineCommand = (command: Command, invoke: Invoke) => Command;

/** All commands by the heading of the help that they stand under. A new command is a file in `commands/` and a line here. */
export const COMMANDS: Readonly<Record<string, readonly CommandEntry[]>> = {
  "Send:": [
    {
      name: "send",
      description: "send one event, and say what became of it",
      load: async () => (await import("./commands/send.ts")).sendCommand,
    },
    {
      name: "session",
      description: "send the two ends of a session (AI enabled, AI disabled)",
      load: async () => (await import("./commands/session.ts")).sessionCommand,
      commands: [
        {
          name: "start",
          description: "send the start of a session; prints the session's id for its end",
          load: async () => (await import("./commands/session-start.ts")).sessionStartCommand,
        },
        {
          name: "end",
          description: "send the end of a session",
          load: async () => (await import("./commands/session-end.ts")).sessionEndCommand,
        },
      ],
    },
    {
      name: "import",
      description: "record and deliver every row of a CSV or NDJSON file, each counted once",
      load: async () => (await import("./commands/import.ts")).importCommand,
    },
  ],
  "Look and check:": [
    {
      name: "doctor",
      description: "check backend, dialect, clock, customer lookup, credentials and deduplication",
      load: async () => (await import("./commands/doctor.ts")).doctorCommand,
    },
    {
      name: "tail",
      description: "print what a sandbox receives, as it comes in",
      load: async () => (await import("./commands/tail.ts")).tailCommand,
    },
    {
      name: "reconcile",
      description: "compare what an outbox recorded with what a backend counted",
      load: async () => (await import("./commands/reconcile.ts")).reconcileCommand,
    },
    {
      name: "outbox",
      description: "look into an outbox, and decide about what could not be delivered",
      load: async () => (await import("./commands/outbox.ts")).outboxCommand,
      commands: [
        {
          name: "list",
          description: "show the accounts of an outbox, and the events in it",
          load: async () => (await import("./commands/outbox-list.ts")).outboxListCommand,
        },
        {
          name: "show",
          description: "show all that is known of one event",
          load: async () => (await import("./commands/outbox-show.ts")).outboxShowCommand,
        },
        {
          name: "redrive",
          description: "take dead letters or quarantined events up again",
          load: async () => (await import("./commands/outbox-redrive.ts")).outboxRedriveCommand,
        },
        {
          name: "discard",
          description: "give dead letters or quarantined events up for good",
          load: async () => (await import("./commands/outbox-discard.ts")).outboxDiscardCommand,
        },
        {
          name: "erase",
          description: "take a tenant out of an outbox: its events, letters, sessions and ids",
          load: async () => (await import("./commands/outbox-erase.ts")).outboxEraseCommand,
        },
        {
          name: "export",
          description: "write the events of an outbox as NDJSON, as meter import takes it",
          load: async () => (await import("./commands/outbox-export.ts")).outboxExportCommand,
        },
        {
          name: "drain",
          description: "deliver what is pending in an outbox",
          load: async () => (await import("./commands/outbox-drain.ts")).outboxDrainCommand,
        },
        {
          name: "migrate",
          description: "make the tables of an outbox in PostgreSQL; does nothing where they are",
          load: async () => (await import("./commands/outbox-migrate.ts")).outboxMigrateCommand,
        },
      ],
    },
    {
      name: "catalog",
      description: "look at, check, compare and convert catalogs of meters",
      commands: [
        {
          name: "list",
          description: "show the meters of a catalog",
          load: async () => (await import("./commands/catalog-list.ts")).catalogListCommand,
        },
        {
          name: "check",
          description: "say what is wrong with a catalog, line by line",
          load: async () => (await import("./commands/catalog-check.ts")).catalogCheckCommand,
        },
        {
          name: "diff",
          description: "say which changes between two catalogs break callers or bills",
          load: async () => (await import("./commands/catalog-diff.ts")).catalogDiffCommand,
        },
        {
          name: "generate",
          description: "turn a catalog into a typed module, or back into YAML or JSON",
          load: async () => (await import("./commands/catalog-generate.ts")).catalogGenerateCommand,
        },
      ],
    },
  ],
  "Other:": [
    {
      name: "sandbox",
      description: "run a metering backend with a dashboard on this machine",
      load: async () => (await import("./commands/sandbox.ts")).sandboxCommand,
    },
    {
      name: "completion",
      description: "print the script that completes commands and flags in a shell",
      load: async () => (await import("./commands/completion.ts")).completionCommand,
    },
  ],
};

/** What the scripts of `meter completion` ask; no help shows it. */
export const COMPLETE: CommandEntry = {
  name: "complete",
  description: "what may stand at the end of a line",
  load: async () => (await import("./commands/complete.ts")).completeCommand,
};
