import { logOutbox, memoryStore, type Store, type StoreLock } from "@meter-lib/core/store";
import { outboxConformance } from "./outbox-conformance.ts";
import { storeConformance } from "./store-conformance.ts";

for (const bodies of ["events", "text"] as const) {
  outboxConformance({
    name: `the log over memoryStore, bodies as ${bodies}`,
    durable: false,
    create: (options) => ({
      outbox: () => logOutbox(memoryStore(), { ...options, bodies }),
      dispose: () => {},
    }),
  });
}

/** Makes stores that share one in memory, as those of several processes share a file. */
const sharedMemory = (): (() => Store) => {
  const memory = memoryStore();
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const taken = new Set<StoreLock>();
    return {
      name: "shared memory",
      durable: true,
      open: () => [],
      transact: (work) => {
        const answer = last.then(() => memory.transact(work));
        last = answer.catch(() => {});
        return answer;
      },
      lock: async (name) => {
        const lock = await memory.lock(name);
        if (lock !== undefined) taken.add(lock);
        return lock;
      },
      isLocked: (name) => memory.isLocked(name),
      close: async () => {
        for (const lock of taken) await lock.release();
      },
    };
  };
};

storeConformance({
  name: "stores that share memory",
  durable: true,
  create: () => ({ store: sharedMemory(), dispose: () => {} }),
});

outboxConformance({
  name: "logs over stores that share memory",
  durable: true,
  create: (settings) => {
    const options = { ...settings, bodies: "text" } as const;
    const store = sharedMemory();
    return {
      outbox: () => logOutbox(store(), options),
      mortal: () => {
        const mortal = store();
        return { outbox: logOutbox(mortal, options), kill: async () => mortal.close() };
      },
      store,
      dispose: () => {},
    };
  },
});
