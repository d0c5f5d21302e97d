import type { RefutationState, RefutedEvent } from "@meter-lib/core";

/** What takes acknowledgements back: a `MeterClient`. */
export interface Refuter {
  refute(events: readonly RefutedEvent[], reason: string): Promise<readonly RefutationState[]>;
}

/** What a backend reports about events that it accepted and does not count. */
export interface LateRejections {
  readonly events: readonly LateRejection[];
  /** If it reports more than it names. */
  readonly unnamed: readonly UnnamedRejections[];
}

export interface LateRejection extends RefutedEvent {
  /** Undefined if the backend's id is not one of ours. */
  readonly tenant_id: string | undefined;
  /** As the backend reports it. */
  readonly id: string;
  readonly reason: string;
}

/** Rejected events that the backend counts but does not name; reconcile their hours to find them. */
export interface UnnamedRejections {
  readonly events: number;
  readonly reason: string;
  /** When the backend checked them, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** The result of late rejections. */
export interface LateReport {
  /** Now dead letters. */
  readonly refuted: number;
  /** Known before. */
  readonly repeated: number;
  /** Still in flight here: report them again. */
  readonly waiting: number;
  /** Not resolvable here: unknown ids, ids of other clients, content that is kept nowhere. */
  readonly unresolved: readonly UnresolvedRejection[];
  readonly unnamed: readonly UnnamedRejections[];
}

export interface UnresolvedRejection {
  readonly id: string;
  readonly reason: string;
  readonly why: "not_ours" | "unknown" | "no_content" | "conflict";
}

/** Takes acknowledgements back for late rejections. */
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
