import { ask } from "../database/indexed-db.ts";
import type { Locking } from "./locking.ts";
import { LOCK_ROWS } from "./store-database.ts";

/** The browser's Web Locks: they end with the page, however it ends. */
export const webLocks = (locks: LockManager, database: string): Locking => {
  const fullName = (name: string): string => `${database} ${name}`;
  const isTaken = async (name: string): Promise<boolean> => {
    const { held = [] } = await locks.query();
    return held.some((lock) => lock.name === fullName(name));
  };
  return {
    take: (name) =>
      new Promise((resolve, reject) => {
        const { promise: end, resolve: letGo } = Promise.withResolvers<void>();
        const ended = locks.request(fullName(name), { ifAvailable: true }, (lock) => {
          if (lock === null) return resolve(undefined);
          resolve({
            isLost: () => false,
            end: () => {
              letGo();
              return ended;
            },
            endsInSleep: true,
          });
          return end;
        });
        ended.catch(reject);
      }),
    isTaken: async (name, tx) => {
      const question = isTaken(name);
      let isAnswered = false;
      const answered = () => {
        isAnswered = true;
      };
      question.then(answered, answered);
      // A transaction ends when it has no pending request, so keep one until the result is there.
      while (tx !== undefined && !isAnswered) await ask(tx.objectStore(LOCK_ROWS).count());
      return question;
    },
  };
};
