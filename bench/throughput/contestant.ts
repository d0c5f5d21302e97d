/** One way to bring events to a backend. */
export interface Contestant {
  readonly name: string;
  /** What it promises about an event that `send` has taken: only those with the same promise compare fairly. */
  readonly promise: "durable before it leaves" | "in memory" | "none";
  /** Prepares a client; what it answers takes events and delivers them. */
  prepare(url: string): Promise<Load>;
}

export interface Load {
  /** Takes one event; may wait when the client asks for it. */
  send(index: number): void | Promise<void>;
  /** Delivers what was taken. */
  flush(): Promise<void>;
  close(): Promise<void>;
}
