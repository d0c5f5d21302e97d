import type { EventIssue } from "./event-issue.ts";

/** The names of options. One that is missing here does not compile. */
export type OptionNames<Options> = Readonly<Record<keyof Required<Options>, unknown>>;

/** Returns an issue for each option that does not exist: a misspelt limit would not limit. */
export const foreignOptions = (
  path: string,
  options: object,
  names: Readonly<Record<string, unknown>>,
): readonly EventIssue[] =>
  Object.keys(options)
    .filter((name) => !Object.hasOwn(names, name))
    .map((name) => ({ field: path + name, given: "a value", expected: "no option of this name" }));
