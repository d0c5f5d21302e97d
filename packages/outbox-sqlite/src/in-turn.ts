const last = new Map<string, Promise<unknown>>();

/**
 * Runs calls under one name one after the other. SQLite blocks its thread while it waits for another connection's transaction, so within
 * one thread it would wait forever.
 */
export const inTurn = async <Answer>(name: string, work: () => Promise<Answer>): Promise<Answer> => {
  const before = last.get(name);
  const own = before === undefined ? work() : before.then(work, work);
  last.set(name, own);
  try {
    return await own;
  } finally {
    if (last.get(name) === own) last.delete(name);
  }
};
