import type { DatabaseSync } from "node:sqlite";

/** Where an event counts: a row of `usage_hours`. */
export interface UsageKey {
  readonly tenant: number;
  readonly customer: number;
  readonly meter: number;
  /** Start of the hour, in milliseconds since the epoch. */
  readonly hour: number;
}

/** What a batch adds to one hour. */
interface UsageDelta extends UsageKey {
  events: number;
  duplicates: number;
  conflicts: number;
  late: number;
  total: number;
  peak: number | null;
  level: number | null;
  levelTime: number | null;
  duration: number;
}

/** Collects what a batch adds and writes it once per hour touched, not once per event. */
export interface UsageRollup {
  addEvent(key: UsageKey, eventTime: number, totalUsage: number | undefined, late: boolean): void;
  addRepeat(key: UsageKey, what: "duplicates" | "conflicts"): void;
  /** Milliseconds; negative where an earlier pairing no longer holds. */
  addDuration(key: UsageKey, durationMs: number): void;
  /** Writes what was collected. Within the transaction of the batch. */
  flush(): void;
  /** Forgets what was collected: after a rollback. */
  discard(): void;
}

const HOUR_MS = 3_600_000;

/** Start of the hour that a time lies in. */
export const hourOf = (time: number): number => time - (time % HOUR_MS);

export const createUsageRollup = (database: DatabaseSync): UsageRollup => {
  const upsert = database.prepare(`
    INSERT INTO usage_hours
      (tenant, customer, meter, hour, events, duplicates, conflicts, late, total, peak, level, level_time, duration)
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
  const deltas = new Map<string, UsageDelta>();
  let latest: UsageDelta | undefined;

  const deltaOf = ({ tenant, customer, meter, hour }: UsageKey): UsageDelta => {
    // Neighbours in a batch mostly share their hour.
    if (
      latest !== undefined &&
      latest.meter === meter &&
      latest.tenant === tenant &&
      latest.hour === hour &&
      latest.customer === customer
    ) {
      return latest;
    }
    const key = `${tenant} ${customer} ${meter} ${hour}`;
    latest = deltas.get(key);
    if (latest === undefined) {
      latest = {
        tenant,
        customer,
        meter,
        hour,
        events: 0,
        duplicates: 0,
        conflicts: 0,
        late: 0,
        total: 0,
        peak: null,
        level: null,
        levelTime: null,
        duration: 0,
      };
      deltas.set(key, latest);
    }
    return latest;
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
    addRepeat: (key, what) => {
      deltaOf(key)[what]++;
    },
    addDuration: (key, durationMs) => {
      deltaOf(key).duration += durationMs;
    },
    flush: () => {
      for (const d of deltas.values()) {
        upsert.run(
          d.tenant,
          d.customer,
          d.meter,
          d.hour,
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
      }
      discard();
    },
    discard,
  };
};
