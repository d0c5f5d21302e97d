import type { FileRow } from "./outbox-file.ts";
import { PARKED_TENANT } from "./tenants.ts";

/** States of an event in which a kill may find it. */
export const PLACES = [
  "buffered",
  "durable, not sent",
  "parked",
  "waiting after a failure",
  "in flight, not counted",
  "counted, not yet acknowledged",
  "acknowledged",
] as const;

export type Place = (typeof PLACES)[number];

/** For each place: how many kills found an event there, and how many events. */
export type Histogram = Record<Place, { kills: number; events: number }>;

export const emptyHistogram = (): Histogram => ({
  buffered: { kills: 0, events: 0 },
  "durable, not sent": { kills: 0, events: 0 },
  parked: { kills: 0, events: 0 },
  "waiting after a failure": { kills: 0, events: 0 },
  "in flight, not counted": { kills: 0, events: 0 },
  "counted, not yet acknowledged": { kills: 0, events: 0 },
  acknowledged: { kills: 0, events: 0 },
});

const placeOf = (
  { id, tenant, state, attempts }: FileRow,
  counted: ReadonlySet<string>,
): Place | undefined => {
  if (state === 4) return "acknowledged";
  if (state === 1) return counted.has(id) ? "counted, not yet acknowledged" : "in flight, not counted";
  if (state !== 0) return undefined;
  if (tenant === PARKED_TENANT) return "parked";
  if (attempts === 0) return "durable, not sent";
  return counted.has(id) ? "counted, not yet acknowledged" : "waiting after a failure";
};

/** Notes where one kill found the events that the killed process had issued, and those it had inherited. */
export const note = (
  histogram: Histogram,
  rows: readonly FileRow[],
  issued: ReadonlySet<string>,
  counted: ReadonlySet<string>,
): void => {
  const found = new Map<Place, number>();
  const add = (place: Place) => found.set(place, (found.get(place) ?? 0) + 1);
  const stored = new Set<string>();
  for (const row of rows) {
    stored.add(row.id);
    const place = placeOf(row, counted);
    if (place !== undefined && (place !== "acknowledged" || issued.has(row.id))) add(place);
  }
  for (const id of issued) if (!stored.has(id) && !counted.has(id)) add("buffered");
  for (const [place, events] of found) {
    histogram[place].kills++;
    histogram[place].events += events;
  }
};
