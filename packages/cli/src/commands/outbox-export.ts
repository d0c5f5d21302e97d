import type { OutboxRow } from "@meter-lib/core";
import type { ArrivedEvent, RowState } from "@meter-lib/core/store";
import type { Command } from "commander";
import { EXIT } from "../errors/exit-code.ts";
import { KEPT_STATES, stateOption } from "../flags/state-option.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import { printJsonLines } from "../terminal/print.ts";
import type { Report } from "../terminal/report.ts";

interface OutboxExportFlags {
  readonly state?: RowState;
  readonly tenant?: string;
  readonly rows?: boolean;
}

type Row = OutboxRow | ArrivedEvent;

const PAGE = 1_000;

/** Writes the events of an outbox as NDJSON, page by page. Plain events can be imported again. */
const outboxExport = (file: string, flags: OutboxExportFlags, io: Io): Promise<Report> =>
  lookInto(file, async (outbox) => {
    const { state, tenant: tenant_id } = flags;
    const print = async (read: (after: number) => Promise<readonly Row[]>): Promise<void> => {
      let after = 0;
      let rows: readonly Row[];
      do {
        io.signal.throwIfAborted();
        rows = await read(after);
        await printJsonLines(io.stdout, flags.rows ? rows : rows.map(importable));
        after = rows.at(-1)?.key ?? after;
      } while (rows.length === PAGE);
    };
    // First: what is claimed in between is written twice, under one id, rather than not at all.
    if ((state ?? "pending") === "pending")
      await print((after) => outbox.arrived({ tenant_id, after, limit: PAGE }));
    await print(async (after) => outbox.list({ state, tenant_id, after, limit: PAGE }));
    return { exit: EXIT.done, lines: [], data: undefined };
  });

/** Returns the event without what `meter import` derives by itself. */
const importable = ({ event: { type: _, ...event } }: Row): object => event;

export const outboxExportCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "outbox file, or a PostgreSQL URL")
    .addOption(stateOption(KEPT_STATES))
    .option("--tenant <id>", "only events of this tenant")
    .option("--rows", "include everything the outbox knows: state, reason, attempts")
    .addHelpText(
      "after",
      `
Examples:
  $ meter outbox export outbox.db --state rejected > rejected.ndjson
  $ meter import rejected.ndjson --dedup 7d`,
    )
    .action((file: string, flags: OutboxExportFlags) =>
      invoke(command, (io) => outboxExport(file, flags, io)),
    );
