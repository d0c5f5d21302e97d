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
        .addOption(new Option("--format <name>", "else by the file's ending").choices(["csv", "ndjson"]))
        .option("--delimiter <character>", "between the cells of CSV; tab for a tab; else a comma")
        .option(
          "--map <field=column>",
          "which column is a field, where the names differ; may be repeated",
          pairs("--map", "field=column"),
        )
        .option(
          "--set <field=value>",
          "a field that is the same in all rows; may be repeated",
          pairs("--set", "field=value"),
        )
        .option(
          "--ignore <column>",
          "pass over a column, also one that is named like a field; may be repeated",
          list,
        )
        .option("--ignore-other-columns", "pass over columns that are no field; else they are a mistake")
        .addOption(
          new Option("--time-unit <unit>", "what times are that are only digits")
            .choices(TIME_UNITS)
            .default("ms"),
        )
        .option(
          "--time-zone <zone>",
          "of times without one: UTC, +02:00, Europe/Berlin; else they are a mistake",
          TimeZone.parse,
        )
        .option(
          "--source <name>",
          "goes into the ids of rows: equal rows under two names are two uses, under one name they are one",
          "",
        )
        .option("--max-errors <number>", "how many wrong lines to show", count("--max-errors", 1), 20)
        .optionsGroup("Options:")
        .option("--outbox <file>", "where rows wait until they are acknowledged; else <file>.outbox.db")
        .option("--catalog <file>", "the meters that exist: YAML, JSON or a module; else litewave")
        .option("--dry-run", "only check lines and tenants")
        .addOption(
          new Option(
            "--give-up-after <duration>",
            "stop waiting when nothing has moved for so long; all is kept",
          )
            .argParser(duration("--give-up-after"))
            .default(MINUTE_MS, "1m"),
        ),
    ),
  )
    .addHelpText(
      "after",
      `
All lines are checked, and all tenants looked up, before anything is recorded. A row's id follows from its content, so that
the same command can be run again after a crash, Ctrl-C or a year: what is recorded is not recorded again. Times
are milliseconds since the epoch (--time-unit), or ISO 8601 with a zone, also as PostgreSQL, BigQuery and Go write it. A column
of NDJSON may be a path: data.total_usage. Fields: meter_id, tenant_id, device_id, total_usage, start_time, end_time,
event_time, event_id, session_id, metadata.NAME.

Examples:
  $ meter import usage.csv --dedup 7d
  $ meter import export.csv --map tenant_id=account --map total_usage=pages \\
      --set meter_id=page.processed.basic --set device_id=export --ignore-other-columns --dry-run
  $ meter import events.ndjson --map tenant_id=subject --map meter_id=type --map event_id=id --map event_time=time \\
      --map total_usage=data.total_usage --set device_id=export --ignore-other-columns`,
    )
    .action((file: string, flags: ImportFlags) => invoke(command, (io) => importFile(file, flags, io)));
