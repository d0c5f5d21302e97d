import { isExpect, judgeWith } from "./expect.ts";

/** A test runner: `import * as vitest from "vitest"`, Jest's globals, or `node:test` with Jest's `expect`. */
export interface TestRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: (
    name: string,
    body: (...context: readonly unknown[]) => Promise<void>,
    timeoutMs: number,
  ) => unknown;
  readonly expect: (actual: unknown) => unknown;
}

/** Context of a running case. */
export interface CaseContext {
  /** Skips the rest of the case, with a reason if the runner supports it. */
  readonly skip: (reason: string) => void;
}

interface Suite {
  readonly describe: TestRunner["describe"];
  readonly test: (name: string, body: (context: CaseContext) => Promise<void>, timeoutMs?: number) => unknown;
}

const TIMEOUT_MS = 30_000;

/**
 * Returns the functions with which a suite registers its tests.
 *
 * @param runner - test runner. Defaults to the globals `describe`, `test` and `expect`
 */
export const suiteOf = (runner: TestRunner | undefined = globalRunner()): Suite => {
  if (runner === undefined || !isExpect(runner.expect))
    throw new TypeError(
      "runner: expected { describe, test, expect } of your test runner, or these three as globals, got neither",
    );
  judgeWith(runner.expect);
  return {
    describe: runner.describe,
    test: (name, body, timeoutMs = TIMEOUT_MS) =>
      // Jest treats a function with a parameter as one with a callback.
      runner.test(name, (...[context]) => runCase(body, context), timeoutMs),
  };
};

const runCase = async (body: (context: CaseContext) => Promise<void>, context: unknown): Promise<void> => {
  const skip = (reason: string): void => {
    if (isSkippable(context)) context.skip(reason);
  };
  await body({ skip });
};

const globalRunner = (): TestRunner | undefined => {
  const globals: object = globalThis;
  return isRunner(globals) ? globals : undefined;
};

const isRunner = (value: object): value is TestRunner =>
  ["describe", "test", "expect"].every((name) => typeof Reflect.get(value, name) === "function");

const isSkippable = (value: unknown): value is CaseContext =>
  typeof value === "object" && value !== null && "skip" in value && typeof value.skip === "function";
