import type { UsageEvent } from "./usage-event.ts";

const mixText = (hash: number, text: string): number => {
  let mixed = hash;
  for (let i = 0; i < text.length; i++) mixed = Math.imul(mixed ^ text.charCodeAt(i), 0x01000193);
  return Math.imul(mixed ^ 0x1f, 0x01000193);
};

const mixNumber = (hash: number, value: number | undefined): number => {
  if (value === undefined) return Math.imul(hash ^ 0x2d, 0x01000193);
  const low = Math.imul(hash ^ (value | 0), 0x01000193);
  return Math.imul(low ^ Math.floor(value / 0x1_0000_0000), 0x01000193);
};

/**
 * A 32-bit mark (FNV-1a) of what an event says beyond its identity, to tell a repeat from a conflict. The time counts only when
 * the caller gave it: a repeat without one would otherwise differ by its own clock. Kept in outboxes: never change it.
 */
export const fingerprint = (
  event: Omit<UsageEvent, "event_id" | "tenant_id">,
  timeGiven: boolean,
): number => {
  let hash = 0x811c9dc5;
  hash = mixText(hash, event.meter_id);
  hash = mixText(hash, event.device_id);
  hash = mixNumber(hash, event.total_usage);
  if (event.start_time !== undefined || event.end_time !== undefined) {
    hash = mixNumber(hash, event.start_time);
    hash = mixNumber(hash, event.end_time);
  }
  if (timeGiven) hash = mixNumber(hash, event.event_time);
  if (event.session_id !== undefined) hash = mixText(hash, event.session_id);
  if (event.metadata !== undefined) {
    for (const key of Object.keys(event.metadata).sort()) {
      hash = mixText(hash, key);
      hash = mixText(hash, event.metadata[key] ?? "");
    }
  }
  return hash >>> 0;
};
