/** Remembers which deliveries of a webhook were processed, so that none can be replayed. */
export interface ReplayGuard {
  /** Whether a delivery with this key was processed. */
  has(key: string): boolean | Promise<boolean>;
  add(key: string): void | Promise<void>;
}

export interface MemoryReplayGuardOptions {
  /** Maximum number; the oldest are forgotten. @default 10_000 */
  readonly max?: number;
}

/** A guard for one process. Several processes behind one webhook need a guard over a shared store. */
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
