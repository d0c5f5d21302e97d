import type { DatabaseSync, StatementSync } from "node:sqlite";
import { HOUR_MS } from "@meter-lib/core/wire";
import { ACCEPTED, type Rolled, type UsageTable } from "./schema.ts";

/** Where an event counts: a row of `usage_hours`, and the day that it lies in. */
export interface UsageKey {
  readonly tenant: number;
  readonly customer: number;
  readonly meter: number;
  /** Start of the hour, in milliseconds since the epoch. */
  readonly hour: number;
}

/** What a batch adds to one hour or one day. */
interface UsageDelta {
  readonly tenant: number;
  readonly customer: number;
  readonly meter: number;
  /** Start of the hour or day. */
  readonly at: number;
  events: number;
  duplicates: number;
  conflicts: number;
  late: number;
  total: number;
  peak: number | null;
  level: number | null;
  levelTime: number | null;
  duration: number;
  /** Whether the peak and the newest value must be recomputed, because a correction may have removed them. */
  isTakenFrom: boolean;
}

/** Collects what a batch adds and writes it once per hour and day touched, not once per event. */
export interface UsageRollup {
  addEvent(key: UsageKey, eventTime: number, totalUsage: number | undefined, late: boolean): void;
  /** Removes an event; its row of `events` is already marked. */
  takeBack(key: UsageKey, totalUsage: number | undefined, late: boolean): void;
  addRepeat(key: UsageKey, what: "duplicates" | "conflicts"): void;
  /** Milliseconds; negative where an earlier pairing no longer holds. */
  addDuration(key: UsageKey, durationMs: number): void;
  /** Writes what was collected. Within the transaction of the batch. */
  flush(): void;
  /** Discards what was collected, after a rollback. */
  discard(): void;
}

export const DAY_MS = 24 * HOUR_MS;

const newDelta = (tenant: number, customer: number, meter: number, at: number): UsageDelta => ({
  tenant,
  customer,
  meter,
  at,
  events: 0,
  duplicates: 0,
  conflicts: 0,
  late: 0,
  total: 0,
  peak: null,
  level: null,
  levelTime: null,
  duration: 0,
  isTakenFrom: false,
});

const addTo = (sum: UsageDelta, part: UsageDelta): void => {
  sum.events += part.events;
  sum.duplicates += part.duplicates;
  sum.conflicts += part.conflicts;
  sum.late += part.late;
  sum.total += part.total;
  sum.duration += part.duration;
  sum.isTakenFrom ||= part.isTakenFrom;
  if (part.peak !== null && (sum.peak === null || part.peak > sum.peak)) sum.peak = part.peak;
  if (part.levelTime !== null && (sum.levelTime === null || part.levelTime >= sum.levelTime)) {
    sum.level = part.level;
    sum.levelTime = part.levelTime;
  }
};

const daysOf = (hours: Iterable<UsageDelta>): Iterable<UsageDelta> => {
  const days = new Map<string, UsageDelta>();
  for (const hour of hours) {
    const { tenant, customer, meter, at } = hour;
    const day = at - (at % DAY_MS);
    const key = `${tenant} ${customer} ${meter} ${day}`;
    const sum = days.get(key) ?? newDelta(tenant, customer, meter, day);
    addTo(sum, hour);
    days.set(key, sum);
  }
  return days.values();
};

/** Only records have metadata, and it has no column. */
const OF_LABEL = `FROM labels l JOIN events e ON e.meter = l.meter JOIN requests r ON r.id = e.request WHERE l.id = u.meter
  AND r.body -> ('$.records[' || e.position || '].value.metadata') ->> l.key = l.value`;

/** The events of a row `u`. */
const EVENTS_OF: Readonly<Record<Rolled, string>> = {
  usage: "FROM events e WHERE e.meter = u.meter AND e.tenant = u.tenant AND e.customer = u.customer",
  label: `${OF_LABEL} AND e.tenant = u.tenant AND e.customer = u.customer`,
  label_all: OF_LABEL,
};

/** A rollup into the two tables; in those of labels the number of a label stands for the meter. */
export const createUsageRollup = (database: DatabaseSync, of: Rolled): UsageRollup => {
  const upsertInto = (table: UsageTable) =>
    database.prepare(`
    INSERT INTO ${table}
      (tenant, customer, meter, at, events, duplicates, conflicts, late, total, peak, level, level_time, duration)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
      events = events + excluded.events,
      duplicates = duplicates + excluded.duplicates,
      conflicts = conflicts + excluded.conflicts,
      late = late + excluded.late,
      total = total + excluded.total,
      peak = max(ifnull(peak, excluded.peak), ifnull(excluded.peak, peak)),
      level = CASE WHEN excluded.level_time >= ifnull(level_time, 0) THEN excluded.level ELSE level END,
      level_time = max(ifnull(level_time, excluded.level_time), ifnull(excluded.level_time, level_time)),
      duration = duration + excluded.duration`);
  const upsertHour = upsertInto(`${of}_hours`);
  const upsertDay = upsertInto(`${of}_days`);
  const deltas = new Map<string, UsageDelta>();
  let latest: UsageDelta | undefined;

  const deltaOf = ({ tenant, customer, meter, hour }: UsageKey): UsageDelta => {
    // Neighbours in a batch mostly share their hour.
    if (
      latest !== undefined &&
      latest.meter === meter &&
      latest.tenant === tenant &&
      latest.at === hour &&
      latest.customer === customer
    ) {
      return latest;
    }
    const key = `${tenant} ${customer} ${meter} ${hour}`;
    latest = deltas.get(key);
    if (latest === undefined) {
      latest = newDelta(tenant, customer, meter, hour);
      deltas.set(key, latest);
    }
    return latest;
  };

  /** The peak and the newest value of a row, found among its events. */
  const findAnew = (table: UsageTable) => {
    const counted = `${EVENTS_OF[of]} AND e.state = ${ACCEPTED}
      AND e.total_usage IS NOT NULL AND e.event_time >= u.at AND e.event_time < u.at + :length`;
    const newest = (column: string) =>
      `(SELECT e.${column} ${counted} ORDER BY e.event_time DESC, e.id DESC LIMIT 1)`;
    return database.prepare(`
      UPDATE ${table} AS u SET peak = (SELECT max(e.total_usage) ${counted}), level = ${newest("total_usage")},
        level_time = ${newest("event_time")}
      WHERE meter = :meter AND at = :at AND tenant = :tenant AND customer = :customer`);
  };
  const anew = { hour: findAnew(`${of}_hours`), day: findAnew(`${of}_days`) };

  const write = (upsert: StatementSync, d: UsageDelta, length: number): void => {
    upsert.run(
      d.tenant,
      d.customer,
      d.meter,
      d.at,
      d.events,
      d.duplicates,
      d.conflicts,
      d.late,
      d.total,
      d.peak,
      d.level,
      d.levelTime,
      d.duration,
    );
    if (!d.isTakenFrom) return;
    const { meter, at, tenant, customer } = d;
    const statement = length === HOUR_MS ? anew.hour : anew.day;
    statement.run({ meter, at, tenant, customer, length });
  };

  const discard = (): void => {
    deltas.clear();
    latest = undefined;
  };

  return {
    addEvent: (key, eventTime, totalUsage, late) => {
      const delta = deltaOf(key);
      delta.events++;
      if (late) delta.late++;
      if (totalUsage === undefined) return;
      delta.total += totalUsage;
      if (delta.peak === null || totalUsage > delta.peak) delta.peak = totalUsage;
      if (delta.levelTime === null || eventTime >= delta.levelTime) {
        delta.level = totalUsage;
        delta.levelTime = eventTime;
      }
    },
    takeBack: (key, totalUsage, late) => {
      const delta = deltaOf(key);
      delta.events--;
      if (late) delta.late--;
      delta.total -= totalUsage ?? 0;
      delta.isTakenFrom = true;
    },
    addRepeat: (key, what) => {
      deltaOf(key)[what]++;
    },
    addDuration: (key, durationMs) => {
      deltaOf(key).duration += durationMs;
    },
    flush: () => {
      for (const delta of deltas.values()) write(upsertHour, delta, HOUR_MS);
      for (const delta of daysOf(deltas.values())) write(upsertDay, delta, DAY_MS);
      discard();
    },
    discard,
  };
};
