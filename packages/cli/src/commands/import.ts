import { type Command, Option } from "commander";
import { withConnection, withDedup } from "../flags/connection-flags.ts";
import { count } from "../flags/count.ts";
import { duration } from "../flags/duration.ts";
import { list, pairs } from "../flags/pair.ts";
import { importFile } from "../import/import-file.ts";
import type { ImportFlags } from "../import/import-flags.ts";
import type { Invoke } from "../invoke.ts";
import { TIME_UNITS } from "../time/read-time.ts";
import { TimeZone } from "../time/time-zone.ts";

const MINUTE_MS = 60_000;

export const importCommand = (command: Command, invoke: Invoke): Command =>
  withDedup(
    withConnection(
      command
        .argument("<file>", "CSV with a header, or NDJSON; UTF-8")
        .optionsGroup("Rows:")
        .addOption(
          new Option("--format <name>", "file format (default: by the file extension)").choices([
            "csv",
            "ndjson",
          ]),
        )
        .option("--delimiter <character>", "delimiter of CSV columns; tab for a tab (default: comma)")
        .option(
          "--map <field=column>",
          "read a field from a column with a different name; repeatable",
          pairs("--map", "field=column"),
        )
        .option(
          "--set <field=value>",
          "set a field to the same value in all rows; repeatable",
          pairs("--set", "field=value"),
        )
        .option("--ignore <column>", "ignore a column, even if it is named like a field; repeatable", list)
        .option("--ignore-other-columns", "ignore columns that are not fields (default: an error)")
        .addOption(
          new Option("--time-unit <unit>", "unit of times that are plain numbers")
            .choices(TIME_UNITS)
            .default("ms"),
        )
        .option(
          "--time-zone <zone>",
          "zone of times without one: UTC, +02:00, Europe/Berlin (default: an error)",
          TimeZone.parse,
        )
        .option(
          "--source <name>",
          "part of the row ids: equal rows from two sources count twice, from one source once",
          "",
        )
        .option("--max-errors <number>", "number of wrong lines to show", count("--max-errors", 1), 20)
        .optionsGroup("Options:")
        .option(
          "--outbox <file>",
          "outbox file for rows that are not acknowledged yet (default: <file>.outbox.db)",
        )
        .option("--catalog <file>", "catalog file: YAML, JSON or a module (default: litewave)")
        .option("--dry-run", "check rows and tenants, and compare ids with the outbox; nothing is recorded")
        .addOption(
          new Option(
            "--give-up-after <duration>",
            "stop after this long without progress; everything is kept",
          )
            .argParser(duration("--give-up-after"))
            .default(MINUTE_MS, "1m"),
        ),
    ),
  )
    .addHelpText(
      "after",
      `
All rows are checked, and all tenants looked up, before anything is recorded. The id of a row is derived from its content,
so you can run the same command again after a crash, Ctrl-C or a year: nothing is recorded twice. Times are milliseconds
since the epoch (--time-unit), or ISO 8601 with a zone, including the formats of PostgreSQL, BigQuery and Go. A column of
NDJSON may be a path: data.total_usage. Fields: meter_id, tenant_id, device_id, total_usage, start_time, end_time,
event_time, event_id, session_id, metadata.NAME.

Examples:
  $ meter import usage.csv --dedup 7d
  $ meter import export.csv --map tenant_id=account --map total_usage=pages \\
      --set meter_id=page.processed.basic --set device_id=export --ignore-other-columns --dry-run
  $ meter import events.ndjson --map tenant_id=subject --map meter_id=type --map event_id=id --map event_time=time \\
      --map total_usage=data.total_usage --set device_id=export --ignore-other-columns`,
    )
    .action((file: string, flags: ImportFlags) => invoke(command, (io) => importFile(file, flags, io)));
