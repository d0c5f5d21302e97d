import type { Store, StoreLock } from "@meter-lib/core/store";

/** A store that lets go of its locks when it is told to, without being asked by whoever took them. */
export const forgetfulStore = (store: Store): { readonly store: Store; loseLocks(): Promise<void> } => {
  const taken = new Set<StoreLock>();
  return {
    store: {
      name: store.name,
      durable: store.durable,
      open: () => store.open(),
      transact: (work) => store.transact(work),
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
  };
};
