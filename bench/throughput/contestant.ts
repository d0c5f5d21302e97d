/** One way to bring events to a backend. */
export interface Contestant {
  readonly name: string;
  /** What it promises about an event that `send` has taken: only those with the same promise compare fairly. */
  readonly promise: "durable before it leaves" | "in memory" | "none";
  /** Whether its requests carry many events or one: what it is compared with. */
  readonly requests: "batches" | "single";
  /** Part of the events that it is given, so that a slow one does not keep all others waiting. @default 1 */
  readonly share?: number;
  /** Gets what it needs beyond npm packages; answers why it cannot take part, or undefined. */
  missing?(): Promise<string | undefined>;
  /** Prepares a client; what it answers takes events and delivers them. */
  prepare(url: string): Promise<Load>;
}

export interface Load {
  /** Takes one event; may wait when the client asks for it. */
  send(index: number): void | Promise<void>;
  /** Delivers what was taken. */
  flush(): Promise<void>;
  close(): Promise<void>;
  /** What it took so far, where it works in another process than its caller. */
  cost?(): ProcessCost;
}

export interface ProcessCost {
  readonly cpuMicros: number;
  readonly peakRssBytes: number;
}
