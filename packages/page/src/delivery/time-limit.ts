/** `AbortSignal.timeout`, for older supported browsers. */
export const timeLimit = (ms: number): AbortSignal => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new DOMException("no response in time", "TimeoutError")), ms);
  return controller.signal;
};
