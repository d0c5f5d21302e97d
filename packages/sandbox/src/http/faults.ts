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

export interface Faults {
  state(): FaultState;
  set(settings: FaultSettings): void;
  /** Counts a request and tells what happens to it; undefined when nothing does. */
  meet(): FaultSettings | undefined;
}

/** Starts without faults. */
export const createFaults = (): Faults => {
  let settings: FaultSettings = { delay_ms: 0, outcome: "as_usual" };
  let requests = 0;
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
  };
};
