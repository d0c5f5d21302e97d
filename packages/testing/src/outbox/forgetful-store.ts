import { MayHaveCommitted, type Store, type StoreLock } from "@meter-lib/core/store";

export interface ForgetfulStore {
  readonly store: Store;
  /** Drops its locks, without a release by their holders. */
  loseLocks(): Promise<void>;
  /** Commits the next transaction, but loses the answer. */
  loseAnswer(): void;
}

/** A store that loses locks or answers on demand. */
export const forgetfulStore = (store: Store): ForgetfulStore => {
  const taken = new Set<StoreLock>();
  let isAnswerLost = false;
  return {
    store: {
      name: store.name,
      durable: store.durable,
      open: () => store.open(),
      transact: async (work) => {
        const answer = await store.transact(work);
        if (!isAnswerLost) return answer;
        isAnswerLost = false;
        throw new MayHaveCommitted("the answer was lost");
      },
      lock: async (name) => {
        const lock = await store.lock(name);
        if (lock !== undefined) taken.add(lock);
        return lock;
      },
      isLocked: (name) => store.isLocked(name),
      close: () => store.close(),
    },
    loseLocks: async () => {
      for (const lock of taken) await lock.release();
      taken.clear();
    },
    loseAnswer: () => {
      isAnswerLost = true;
    },
  };
};
