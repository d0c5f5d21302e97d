import type { Command } from "commander";
import { stringify } from "yaml";
import { CliError } from "../errors/cli-error.ts";
import { EXIT } from "../errors/exit-code.ts";
import type { Invoke } from "../invoke.ts";
import { lookInto } from "../outbox/open-outbox.ts";
import { shownPlace } from "../outbox/postgres-place.ts";
import { isoTime } from "../terminal/iso-time.ts";
import type { Report } from "../terminal/report.ts";

/** Maximum number of tenants with the same id. */
const MAX_TENANTS = 100;

/** Shows everything an outbox knows about an event. Several tenants may have the same id. */
const outboxShow = (
  file: string,
  event_id: string,
  { tenant }: { readonly tenant?: string },
): Promise<Report> =>
  lookInto(file, async (outbox) => {
    const arrived = await outbox.arrived({ event_id, tenant_id: tenant, limit: MAX_TENANTS });
    const rows = await outbox.list({ event_id, tenant_id: tenant });
    const discarded = await outbox.discarded({ event_id, tenant_id: tenant, limit: MAX_TENANTS });
    if (rows.length === 0 && arrived.length === 0 && discarded.length === 0) {
      throw new CliError(
        EXIT.findings,
        `${shownPlace(file)}: expected an event ${JSON.stringify(event_id)}, found none; acknowledged events are no longer in the outbox`,
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
    const unclaimed = arrived.map(({ event, ...row }) =>
      stringify({ ...row, event: { ...event, event_time: timeText(event.event_time) } }).trimEnd(),
    );
    const gone = discarded.map(({ hour, ...event }) =>
      stringify({ state: "discarded", ...event, hour: isoTime(hour) }).trimEnd(),
    );
    return {
      exit: EXIT.done,
      lines: [...texts, ...unclaimed, ...gone].join("\n\n").split("\n"),
      data: [...rows, ...arrived, ...discarded.map((event) => ({ state: "discarded", ...event }))],
    };
  });

const timeText = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : isoTime(time);

export const outboxShowCommand = (command: Command, invoke: Invoke): Command =>
  command
    .argument("<outbox>", "outbox file, or a PostgreSQL URL")
    .argument("<event>", "id of the event")
    .option("--tenant <id>", "tenant of the event, if several tenants use the id")
    .addHelpText(
      "after",
      `
Example:
  $ meter outbox show outbox.db order-4711`,
    )
    .action((file: string, event: string, flags: { readonly tenant?: string }) =>
      invoke(command, () => outboxShow(file, event, flags)),
    );
