/** A value, or a promise of it. */
export type Promisable<Value> = Value | PromiseLike<Value>;
