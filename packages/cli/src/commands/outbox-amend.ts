import { type Catalog, MeterClient, memoryTransport, type UsageEvent } from "@meter-lib/core";
import { usageEvent } from "@meter-lib/core/store";
import type { Command } from "commander";
import { readCatalogFile } from "../catalog/catalog-file.ts";
import { CliError } from "../errors/cli-error.ts";
import { count } from "../flags/count.ts";
import { moment } from "../flags/moment.ts";
import { pairs } from "../flags/pair.ts";
import type { Invoke } from "../invoke.ts";
import { type CorrectionFlags, correctInOutbox } from "../outbox/correct-in-outbox.ts";
import { withOutbox } from "../outbox/open-outbox.ts";
import type { Io } from "../terminal/io.ts";
import type { Report } from "../terminal/report.ts";

interface OutboxAmendFlags extends CorrectionFlags {
  readonly usage?: number;
  readonly start?: number;
  readonly end?: number;
  readonly time?: number;
  readonly device?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly catalog?: string;
}

/** Has an event say something else. */
const outboxAmend = async (
  file: string,
  event_id: string,
  flags: OutboxAmendFlags,
  io: Io,
): Promise<Report> => {
  const { usage, start, end, time, device, metadata } = flags;
  const given = {
    total_usage: usage,
    start_time: start,
    end_time: end,
    event_time: time,
    device_id: device,
    metadata,
  };
  const changes = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  if (Object.keys(changes).length === 0)
    throw CliError.usage("--usage", "it, or another field to change", "none of them");
  const catalog = await readCatalogFile(flags.catalog ?? "litewave");
  return withOutbox(file, io, (outbox) =>
    correctInOutbox(file, outbox, event_id, flags, (event) => checked(catalog, { ...event, ...changes })),
  );
};

/** @throws MeterError `invalid_event` */
const checked = async (catalog: Catalog, event: UsageEvent): Promise<UsageEvent> => {
  const { type: _type, correction: _correction, ...input } = event;
  await using client = new MeterClient({
    catalog,
    transport: memoryTransport(),
    customerLookup: { lookup: async () => ({ state: "unknown" }) },
  });
  const error = client.check(input);
  if (error !== undefined) throw error;
  return usageEvent(event);
};

export const outboxAmendCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "its file, or a URL of PostgreSQL")
    .argument("<event>", "the event's id")
    .requiredOption("--tenant <id>", "whose event it is")
    .requiredOption("--reason <text>", "why")
    .option("--usage <units>", "units used, on volume meters", count("--usage"))
    .option("--start <time>", "when it began, on performance meters", moment("--start"))
    .option("--end <time>", "when it ended, on performance meters", moment("--end"))
    .option("--time <time>", "when it was used", moment("--time"))
    .option("--device <id>", "where it was used")
    .option(
      "--metadata <name=value>",
      "text that travels beside the event, in the place of all that did; may be repeated",
      pairs("--metadata", "name=value"),
    )
    .option("--catalog <file>", "the meters that exist: YAML, JSON or a module; else litewave")
    .option("--receiver-takes", "needed for events that may be counted: the receiver carries amendments out")
    .addHelpText(
      "after",
      `
An event that was never counted goes out as amended. Of one that may be counted, a correction is recorded, and sent like an event. Nothing
is delivered here.

Example:
  $ meter outbox amend outbox.db order-4711 --tenant tenant_123 --usage 24 --reason "counted twice"`,
    )
    .action((file: string, event_id: string, flags: OutboxAmendFlags) =>
      invoke(command, (io) => outboxAmend(file, event_id, flags, io)),
    );
