const SETTLES_WITHIN_MS = 5_000;

/** Resolves after a time. */
export const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Fails if a promise takes longer than a strategy may take after its signal aborted. */
export const soon = async <Value>(promise: Promise<Value>): Promise<Value> => {
  const late = Symbol();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), SETTLES_WITHIN_MS);
  });
  const first = await Promise.race([promise, timeout]);
  clearTimeout(timer);
  if (first === late) throw new Error(`it did not settle within ${SETTLES_WITHIN_MS} ms of the abort`);
  return first;
};
