/** Events of one tenant, meter and hour: how many, and the sum of their usage. */
export type UsageSum = readonly [
  tenant_id: string,
  meter_id: string,
  hour: number,
  events: number,
  usage: number,
];

/** New events on their way to rows, as columns: an object per event would cost more to clone than to store. */
export interface LooseEvents {
  /** Four for each: tenant, event id, meter, body. */
  readonly texts: readonly string[];
  /** Five for each: usage time, total usage or NaN, bytes, fingerprint, lane. */
  readonly numbers: Float64Array;
}

/** New events on their way to a segment: two texts, where a text or four for each event would cost more than writing them. */
export interface PackedEvents {
  readonly count: number;
  /** A line for each event: place and {@link Identity}. */
  readonly identities: string;
  /** A line for each event: place and body. */
  readonly bodies: string;
  readonly sums: readonly UsageSum[];
  /** Of each event: the place of its sum, its bytes, its usage. */
  readonly sumOf: Uint32Array;
  readonly bytes: Uint32Array;
  readonly usage: Float64Array;
  readonly minId: string;
  readonly maxId: string;
}

/** What of an event stays known when it is over. Usage: null for none. Lane: 0 live, 1 backfill. */
export type Identity = readonly [
  event_id: string,
  tenant_id: string,
  meter_id: string,
  usage_time: number,
  total_usage: number | null,
  bytes: number,
  fingerprint: number,
  lane: number,
];
