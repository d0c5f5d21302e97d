import type { RefutationState, RefutedEvent } from "@meter-lib/core";

/** Whoever takes acknowledgements back: a `MeterClient`. */
export interface Refuter {
  refute(events: readonly RefutedEvent[], reason: string): Promise<readonly RefutationState[]>;
}

/** What a backend tells of events that it took and does not count. */
export interface LateRejections {
  readonly events: readonly LateRejection[];
  /** Where it tells of more than it names. */
  readonly unnamed: readonly UnnamedRejections[];
}

export interface LateRejection extends RefutedEvent {
  /** Undefined where the backend's id is not one of ours. */
  readonly tenant_id: string | undefined;
  /** As the backend says it. */
  readonly id: string;
  readonly reason: string;
}

/** Rejected events that the backend counts, and does not name: what they are, a reconciliation of their hours tells. */
export interface UnnamedRejections {
  readonly events: number;
  readonly reason: string;
  /** When the backend looked at them, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** What became of late rejections. */
export interface LateReport {
  /** Dead letters now. */
  readonly refuted: number;
  /** Known before. */
  readonly repeated: number;
  /** Still on their way here: to be told again. */
  readonly waiting: number;
  /** Those about which nothing could be done here: unknown ids, ids of other clients, content that is kept nowhere. */
  readonly unresolved: readonly UnresolvedRejection[];
  readonly unnamed: readonly UnnamedRejections[];
}

export interface UnresolvedRejection {
  readonly id: string;
  readonly reason: string;
  readonly why: "not_ours" | "unknown" | "no_content" | "conflict";
}

/** Has late rejections taken back. */
export const refuteLate = async (
  client: Refuter,
  backend: string,
  { events, unnamed }: LateRejections,
): Promise<LateReport> => {
  const ours = events.filter(({ tenant_id }) => tenant_id !== undefined);
  const states = ours.length === 0 ? [] : await client.refute(ours, `rejected by ${backend} later`);
  const stateOf = new Map(ours.map((event, index) => [event, states[index]]));
  const unresolved: UnresolvedRejection[] = [];
  const counts = { refuted: 0, repeated: 0, waiting: 0 };
  for (const event of events) {
    const state = stateOf.get(event);
    if (state === "refuted") counts.refuted++;
    else if (state === "repeat") counts.repeated++;
    else if (state === "waiting") counts.waiting++;
    else unresolved.push({ id: event.id, reason: event.reason, why: state ?? "not_ours" });
  }
  return { ...counts, unresolved, unnamed };
};
