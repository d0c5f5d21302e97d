/** Remembers which deliveries of a webhook were dealt with, so that nobody can have one dealt with again. */
export interface ReplayGuard {
  /** Whether a delivery with this key was dealt with. */
  has(key: string): boolean | Promise<boolean>;
  add(key: string): void | Promise<void>;
}

export interface MemoryReplayGuardOptions {
  /** Of more, the oldest are forgotten. @default 10_000 */
  readonly max?: number;
}

/** A guard of one process. Several that serve one webhook share one over a store. */
export const memoryReplayGuard = ({ max = 10_000 }: MemoryReplayGuardOptions = {}): ReplayGuard => {
  const keys = new Set<string>();
  return {
    has: (key) => keys.has(key),
    add: (key) => {
      keys.add(key);
      for (const oldest of keys) {
        if (keys.size <= max) return;
        keys.delete(oldest);
      }
    },
  };
};
