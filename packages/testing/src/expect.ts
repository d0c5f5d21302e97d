import type { ExpectStatic } from "vitest";

let given: ExpectStatic | undefined;

/** Sets the `expect` that the cases use: vitest's or Jest's. */
export const judgeWith = (expect: ExpectStatic): void => {
  given = expect;
};

const current = (): ExpectStatic => {
  const expect: unknown = given ?? Reflect.get(globalThis, "expect");
  if (!isExpect(expect)) throw new TypeError("expect: expected that of vitest or Jest, got none");
  return expect;
};

/** Whether a value is an `expect`. The cases use only what vitest and Jest have in common. */
export const isExpect = (value: unknown): value is ExpectStatic => typeof value === "function";

const judge = <Value>(actual: Value, message?: string) => {
  const expect = current();
  // Jest's `expect` throws if it is given a message.
  return expect.length > 1 ? expect(actual, message) : expect(actual);
};

/** The `expect` of all cases, so that they can be imported without a test runner. */
export const expect = Object.assign(judge, {
  stringMatching: (pattern: string | RegExp) => current().stringMatching(pattern),
  arrayContaining: (values: unknown[]) => current().arrayContaining(values),
  objectContaining: (fields: object) => current().objectContaining(fields),
  unreachable: (message: string): never => {
    throw new Error(message);
  },
});
