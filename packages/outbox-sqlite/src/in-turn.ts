const last = new Map<string, Promise<unknown>>();

/**
 * Runs what is asked for under one name one after the other. SQLite waits for another connection's transaction without letting its thread
 * go on, so in one thread it would wait for ever.
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
