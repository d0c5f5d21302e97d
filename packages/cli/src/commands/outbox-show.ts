import type { Command } from "commander";
import { stringify } from "yaml";
import { CliError } from "../cli-error.ts";
import { EXIT } from "../exit-code.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../open-outbox.ts";
import { shownPlace } from "../postgres-place.ts";
import type { Report } from "../report.ts";
import { isoTime } from "../terminal/iso-time.ts";

/** An id may belong to as many tenants at most. */
const MAX_TENANTS = 100;

/** Everything an outbox knows of an event. An id may belong to several tenants. */
const outboxShow = (
  file: string,
  event_id: string,
  { tenant }: { readonly tenant?: string },
): Promise<Report> =>
  lookInto(file, async (outbox) => {
    const rows = await outbox.list({ event_id, tenant_id: tenant });
    const discarded = await outbox.discarded({ event_id, tenant_id: tenant, limit: MAX_TENANTS });
    if (rows.length === 0 && discarded.length === 0) {
      throw new CliError(
        EXIT.findings,
        `${shownPlace(file)}: expected an event ${JSON.stringify(event_id)}, found none; what is acknowledged is not in it any more`,
      );
    }
    const texts = rows.map(({ recorded_at, first_sent_at, ended_at, event, ...row }) =>
      stringify(
        {
          ...row,
          recorded_at: timeText(recorded_at),
          first_sent_at: timeText(first_sent_at),
          ended_at: timeText(ended_at),
          event: { ...event, event_time: timeText(event.event_time) },
        },
        { keepUndefined: false },
      ).trimEnd(),
    );
    const gone = discarded.map(({ hour, ...event }) =>
      stringify({ state: "discarded", ...event, hour: isoTime(hour) }).trimEnd(),
    );
    return {
      exit: EXIT.done,
      lines: [...texts, ...gone].join("\n\n").split("\n"),
      data: [...rows, ...discarded.map((event) => ({ state: "discarded", ...event }))],
    };
  });

const timeText = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : isoTime(time);

export const outboxShowCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "its file, or a URL of PostgreSQL")
    .argument("<event>", "the event's id")
    .option("--tenant <id>", "whose event, when several tenants use one id")
    .addHelpText(
      "after",
      `
Example:
  $ meter outbox show outbox.db order-4711`,
    )
    .action((file: string, event: string, flags: { readonly tenant?: string }) =>
      invoke(command, () => outboxShow(file, event, flags)),
    );
