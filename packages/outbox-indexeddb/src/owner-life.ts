import type { OwnerRow } from "./outbox-schema.ts";

const lockName = (database: string, producer: string): string => `${database} ${producer}`;

/** The browser's lock manager, where it has one. */
export const webLocks = (): LockManager | undefined => globalThis.navigator?.locks;

/** Holds the lock that tells other pages that this owner is alive: the browser drops it when the page ends. Answers its release. */
export const holdOwnerLock = (locks: LockManager, database: string, producer: string): Promise<() => void> =>
  new Promise((resolve, reject) => {
    locks
      .request(lockName(database, producer), () => new Promise<void>((release) => resolve(release)))
      .catch(reject);
  });

/** Which of the owners are dead. Their rows are to be read before: an owner has its lock before it has a row. */
export const deadOwners = async <Owner extends Pick<OwnerRow, "producer" | "seen_at">>(
  owners: readonly Owner[],
  database: string,
  leaseMs: number,
): Promise<readonly Owner[]> => {
  const locks = webLocks();
  if (locks === undefined) {
    const oldest = Date.now() - leaseMs;
    return owners.filter(({ seen_at }) => seen_at < oldest);
  }
  const { held = [] } = await locks.query();
  const names = new Set(held.map(({ name }) => name));
  return owners.filter(({ producer }) => !names.has(lockName(database, producer)));
};
