/** How the backend misbehaves. */
export interface FaultSettings {
  /** How long every answer takes longer. Milliseconds. */
  readonly delay_ms: number;
  /** Whether requests are taken as usual, answered with 503, or cut off with a TCP reset. */
  readonly outcome: "as_usual" | "unavailable" | "reset";
}

/** The settings of now, and how many requests met them since they were set. */
export interface FaultState extends FaultSettings {
  readonly requests: number;
}

/** An attempt to deliver an event that was turned away. */
export interface TurnedAway {
  readonly tenant_id: string;
  readonly event_id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: FaultSettings["outcome"];
}

export interface Faults {
  state(): FaultState;
  set(settings: FaultSettings): void;
  /** Counts a request and tells what happens to it; undefined when nothing does. */
  meet(): FaultSettings | undefined;
  /** Remembers an attempt for the story of its event; the last ten thousand are kept, in memory only. */
  note(attempt: TurnedAway): void;
  /** What was turned away of an id, the oldest first. */
  attempts(event_id: string): readonly TurnedAway[];
  /** Forgets all attempts. */
  forget(): void;
}

const MAX_KEPT = 10_000;

/** Starts without faults. */
export const createFaults = (): Faults => {
  let settings: FaultSettings = { delay_ms: 0, outcome: "as_usual" };
  let requests = 0;
  const turnedAway = new Set<TurnedAway>();
  return {
    state: () => ({ ...settings, requests }),
    set: ({ delay_ms, outcome }) => {
      settings = { delay_ms, outcome };
      requests = 0;
    },
    meet: () => {
      if (settings.delay_ms === 0 && settings.outcome === "as_usual") return undefined;
      requests++;
      return settings;
    },
    note: (attempt) => {
      turnedAway.add(attempt);
      const [oldest] = turnedAway;
      if (turnedAway.size > MAX_KEPT && oldest !== undefined) turnedAway.delete(oldest);
    },
    attempts: (event_id) => [...turnedAway].filter((attempt) => attempt.event_id === event_id),
    forget: () => turnedAway.clear(),
  };
};
