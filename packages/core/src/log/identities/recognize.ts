import { contentMark } from "../../event/content-mark.ts";
import type { UsageEvent } from "../../event/usage-event.ts";
import type { LogTransaction } from "../transaction/log-transaction.ts";
import { findIdentity, identityKey } from "./identities.ts";

/** An event with the id that its caller gave. */
export interface GivenEvent extends Omit<UsageEvent, "type" | "event_time" | "correction"> {
  /** Undefined if the caller gave none: then the time does not distinguish it from another event. */
  readonly event_time?: number | undefined;
}

/**
 * What recording an event would come to:
 * - `new`: nothing is remembered under its identity
 * - `repeat`: its identity is remembered with the same content
 * - `conflict`: with different content
 */
export type Recognition = "new" | "repeat" | "conflict";

/** Looks up the identity of each event, in order, as recording it would. */
export const recognize = async (
  log: LogTransaction,
  events: readonly GivenEvent[],
): Promise<readonly Recognition[]> => {
  const keys = events.map(identityKey);
  await log.tx.prefetch?.("identities", keys);
  const found: Recognition[] = [];
  for (const [index, event] of events.entries()) {
    const { event_time } = event;
    const mark = contentMark({ ...event, event_time: event_time ?? 0 }, event_time !== undefined);
    const known = await findIdentity(log, { identity: event, key: keys[index] ?? "" }, mark);
    if (known === undefined) found.push("new");
    else found.push(known.isSame ? "repeat" : "conflict");
  }
  return found;
};
