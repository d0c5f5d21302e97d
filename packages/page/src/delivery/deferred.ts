/** `Promise.withResolvers`, for older supported browsers. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
}

export const deferred = <Value>(): Deferred<Value> => {
  let resolve: Deferred<Value>["resolve"] = () => {};
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
};
