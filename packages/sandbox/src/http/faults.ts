/** How the backend misbehaves. */
export interface FaultSettings {
  /** Delay of every response, in milliseconds. */
  readonly delay_ms: number;
  /** Whether requests are handled as usual, answered with 503, or reset. */
  readonly outcome: "as_usual" | "unavailable" | "reset";
}

/** The current settings, and how many requests they have affected. */
export interface FaultState extends FaultSettings {
  readonly requests: number;
}

/** A failed attempt to deliver an event. */
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
  /** Counts a request and returns its fault, or undefined if there is none. */
  meet(): FaultSettings | undefined;
  /** Remembers an attempt for the history of its event. The last 10,000 are kept, in memory. */
  note(attempt: TurnedAway): void;
  /** Returns the failed attempts of an id, oldest first. */
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
