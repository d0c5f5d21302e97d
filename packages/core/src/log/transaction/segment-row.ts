import type { UsageEvent } from "../../event/usage-event.ts";
import { padded, part } from "../store/keys.ts";
import type { DeadLetter, SegmentRow } from "../store/tables.ts";

/** Where a part of a segment goes: to an owner, free for the next claim, to the dead letters, or settled. */
export type Destiny =
  | { readonly to: "owner"; readonly owner: string }
  | { readonly to: "waiting" }
  | { readonly to: "letters"; readonly letter: DeadLetter }
  | { readonly to: "end" };

export const destined = (row: SegmentRow, destiny: Exclude<Destiny, { to: "end" }>): SegmentRow => ({
  ...row,
  owner: destiny.to === "owner" ? destiny.owner : "",
  letter: destiny.to === "letters" ? destiny.letter : undefined,
});

/** Waiting segments are indexed by their first remaining event: parts that come back may be older than the segment they were cut from. */
export const indexOf = ({ id, lane, tenant_id, owner, letter, key, pieces }: SegmentRow) =>
  letter !== undefined
    ? (["letters", `${letter.state}/${id}`] as const)
    : owner === ""
      ? (["waiting", `${lane}/${part(tenant_id)}/${padded(key + (pieces[0]?.from ?? 0))}/${id}`] as const)
      : (["held", `${owner}/${id}`] as const);

export const customerOf = ({ customers }: SegmentRow, tenant_id: string): string | undefined =>
  customers?.find(([each]) => each === tenant_id)?.[1];

/** Number of events per meter; damaged events count for `missing`. */
export const metersOf = (
  events: readonly (UsageEvent | undefined)[],
  missing: string,
): readonly (readonly [string, number])[] => {
  const meters = new Map<string, number>();
  for (const event of events) {
    const meter_id = event?.meter_id ?? missing;
    meters.set(meter_id, (meters.get(meter_id) ?? 0) + 1);
  }
  return [...meters];
};

/** The meter of damaged events: the one that has more events in the segment than can be read. */
export const missingMeter = ({ meters }: SegmentRow, events: readonly (UsageEvent | undefined)[]): string => {
  const missing = new Map(meters);
  for (const event of events)
    if (event !== undefined) missing.set(event.meter_id, (missing.get(event.meter_id) ?? 0) - 1);
  for (const [meter_id, count] of missing) if (count > 0) return meter_id;
  return meters[0]?.[0] ?? "";
};
