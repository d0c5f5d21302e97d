import type { ExpectStatic } from "vitest";

let given: ExpectStatic | undefined;

/** From here on the cases judge with this one: vitest's or Jest's. */
export const judgeWith = (expect: ExpectStatic): void => {
  given = expect;
};

const current = (): ExpectStatic => {
  const expect: unknown = given ?? Reflect.get(globalThis, "expect");
  if (!isExpect(expect)) throw new TypeError("expect: expected that of vitest or Jest, got none");
  return expect;
};

/** What else it does is left to the runner; the cases use what vitest and Jest have in common. */
export const isExpect = (value: unknown): value is ExpectStatic => typeof value === "function";

const judge = <Value>(actual: Value, message?: string) => {
  const expect = current();
  // Jest's takes no message, and throws when it is given one.
  return expect.length > 1 ? expect(actual, message) : expect(actual);
};

/** The one place that the cases take their assertions from, so that they load without any test runner. */
export const expect = Object.assign(judge, {
  stringMatching: (pattern: string | RegExp) => current().stringMatching(pattern),
  arrayContaining: (values: unknown[]) => current().arrayContaining(values),
  objectContaining: (fields: object) => current().objectContaining(fields),
  unreachable: (message: string): never => {
    throw new Error(message);
  },
});
