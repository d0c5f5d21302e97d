/** Resolves with the result of a request. */
export const ask = <Answer>(request: IDBRequest<Answer>): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Resolves when a transaction is complete; rejects with its error. */
export const ending = (tx: IDBTransaction): Promise<void> => {
  const end = new Promise<void>((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onabort = () => reject(tx.error);
  });
  // The error is handled where it is awaited.
  end.catch(() => {});
  return end;
};

/** Returns whether it could still be undone: false if it has ended, or is about to. */
export const abort = (tx: IDBTransaction | undefined): boolean => {
  try {
    tx?.abort();
    return true;
  } catch {
    return false;
  }
};
