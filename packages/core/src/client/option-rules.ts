import { describeValue, type EventIssue } from "../check/event-issue.ts";
import { foreignOptions } from "../check/foreign-options.ts";

/** The rule of an option, and its description for messages. */
export type Rule = readonly [isRight: (value: unknown) => boolean, expected: string];

/** One rule per option: a new option without a rule does not compile. */
export type Rules<Options> = { readonly [Name in keyof Required<Options>]: Rule };

export const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
// Without these notes bundlers keep the rules below in a page, which has no use for them.
export const has =
  /* @__NO_SIDE_EFFECTS__ */
    (method: string) =>
    (value: unknown): boolean =>
      isObject(value) && typeof Reflect.get(value, method) === "function";
export const optional = /* @__NO_SIDE_EFFECTS__ */ (isRight: Rule[0], expected: string): Rule => [
  (value) => value === undefined || isRight(value),
  expected,
];

export const OBJECT = optional(isObject, "an object");
export const FUNCTION = optional((value) => typeof value === "function", "a function");
export const TEXT = optional((value) => typeof value === "string" && value !== "", "text");
export const AMOUNT = optional((value) => typeof value === "number" && value >= 0, "a number ≥ 0");
export const oneOf = /* @__NO_SIDE_EFFECTS__ */ (...choices: readonly string[]): Rule =>
  optional(
    (value) => choices.some((choice) => choice === value),
    choices.map((choice) => `"${choice}"`).join(" or "),
  );

/** Returns an issue for each option at fault, and for each that does not exist. */
export const issuesOf = (
  path: string,
  options: unknown,
  rules: Readonly<Record<string, Rule>>,
): EventIssue[] => {
  if (!isObject(options)) return [];
  const issues: EventIssue[] = [];
  for (const [name, [isRight, expected]] of Object.entries(rules)) {
    const value: unknown = Reflect.get(options, name);
    if (!isRight(value)) issues.push({ field: path + name, given: given(value), expected });
  }
  return [...issues, ...foreignOptions(path, options, rules)];
};

export const given = (value: unknown): string => (value === undefined ? "nothing" : describeValue(value));
