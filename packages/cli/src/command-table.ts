import type { Command } from "commander";
import type { Invoke } from "./invoke.ts";

/** A command as help and completion list it. Its file, with flags and action, is loaded when the command is named. */
export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  readonly load?: () => Promise<DefineCommand>;
  readonly commands?: readonly CommandEntry[];
}

/** Adds arguments, flags, help and action to a command. */
export type DefineCommand = (command: Command, invoke: Invoke) => Command;

/** All commands by help heading. To add a command, add a file in `commands/` and a line here. */
export const COMMANDS: Readonly<Record<string, readonly CommandEntry[]>> = {
  "Send:": [
    {
      name: "send",
      description: "send one event and show the result",
      load: async () => (await import("./commands/send.ts")).sendCommand,
    },
    {
      name: "session",
      description: "send the start and the end of a session (AI enabled, AI disabled)",
      load: async () => (await import("./commands/session.ts")).sessionCommand,
      commands: [
        {
          name: "start",
          description: "send the start of a session, and print the id that its end needs",
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
      description: "record and deliver each row of a CSV or NDJSON file exactly once",
      load: async () => (await import("./commands/import.ts")).importCommand,
    },
  ],
  "Inspect and check:": [
    {
      name: "doctor",
      description: "check backend, dialect, clock, customer lookup, credentials and deduplication",
      load: async () => (await import("./commands/doctor.ts")).doctorCommand,
    },
    {
      name: "tail",
      description: "print events as a sandbox receives them",
      load: async () => (await import("./commands/tail.ts")).tailCommand,
    },
    {
      name: "reconcile",
      description: "compare what an outbox recorded with what a backend counted",
      load: async () => (await import("./commands/reconcile.ts")).reconcileCommand,
    },
    {
      name: "migrate",
      description: "compare two backends that ran side by side, and name an instant to switch at",
      load: async () => (await import("./commands/migrate.ts")).migrateCommand,
    },
    {
      name: "outbox",
      description: "inspect an outbox, and redrive or discard what could not be delivered",
      load: async () => (await import("./commands/outbox.ts")).outboxCommand,
      commands: [
        {
          name: "list",
          description: "show the accounts and the events of an outbox",
          load: async () => (await import("./commands/outbox-list.ts")).outboxListCommand,
        },
        {
          name: "show",
          description: "show everything an outbox knows about one event",
          load: async () => (await import("./commands/outbox-show.ts")).outboxShowCommand,
        },
        {
          name: "redrive",
          description: "make dead letters or quarantined events pending again",
          load: async () => (await import("./commands/outbox-redrive.ts")).outboxRedriveCommand,
        },
        {
          name: "discard",
          description: "discard dead letters or quarantined events",
          load: async () => (await import("./commands/outbox-discard.ts")).outboxDiscardCommand,
        },
        {
          name: "cancel",
          description: "take an event back: discard it, or record a correction",
          load: async () => (await import("./commands/outbox-cancel.ts")).outboxCancelCommand,
        },
        {
          name: "amend",
          description: "have an event say something else",
          load: async () => (await import("./commands/outbox-amend.ts")).outboxAmendCommand,
        },
        {
          name: "ledger",
          description: "show usage by tenant, meter and hour, as it is booked",
          load: async () => (await import("./commands/outbox-ledger.ts")).outboxLedgerCommand,
        },
        {
          name: "freeze",
          description: "freeze past hours: what changes in them later is booked in the next one",
          load: async () => (await import("./commands/outbox-freeze.ts")).outboxFreezeCommand,
        },
        {
          name: "erase",
          description: "erase a tenant from an outbox: its events, dead letters, sessions and ids",
          load: async () => (await import("./commands/outbox-erase.ts")).outboxEraseCommand,
        },
        {
          name: "export",
          description: "write the events of an outbox as NDJSON for meter import",
          load: async () => (await import("./commands/outbox-export.ts")).outboxExportCommand,
        },
        {
          name: "drain",
          description: "deliver what is pending in an outbox",
          load: async () => (await import("./commands/outbox-drain.ts")).outboxDrainCommand,
        },
        {
          name: "migrate",
          description: "create the tables of an outbox in PostgreSQL, unless they exist",
          load: async () => (await import("./commands/outbox-migrate.ts")).outboxMigrateCommand,
        },
      ],
    },
    {
      name: "catalog",
      description: "list, check, compare and convert meter catalogs",
      commands: [
        {
          name: "list",
          description: "show the meters of a catalog",
          load: async () => (await import("./commands/catalog-list.ts")).catalogListCommand,
        },
        {
          name: "check",
          description: "check a catalog, and list its mistakes by line",
          load: async () => (await import("./commands/catalog-check.ts")).catalogCheckCommand,
        },
        {
          name: "diff",
          description: "show which changes between two catalogs break callers or bills",
          load: async () => (await import("./commands/catalog-diff.ts")).catalogDiffCommand,
        },
        {
          name: "generate",
          description: "convert a catalog to a typed module, or back to YAML or JSON",
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
      description: "print the completion script for a shell",
      load: async () => (await import("./commands/completion.ts")).completionCommand,
    },
  ],
};

/** Called by the scripts of `meter completion`; not listed in help. */
export const COMPLETE: CommandEntry = {
  name: "complete",
  description: "list completions for the end of a line",
  load: async () => (await import("./commands/complete.ts")).completeCommand,
};
