/** `AbortSignal.timeout`, as browsers of the floor do not have it. */
export const timeLimit = (ms: number): AbortSignal => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("no answer in time", "TimeoutError")), ms);
  return controller.signal;
};
