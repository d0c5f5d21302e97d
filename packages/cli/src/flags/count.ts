import { CliError } from "../cli-error.ts";

/** A flag that is an integer. */
export const count =
  (flag: string, min = 0, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const upTo = max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`;
    throw CliError.usage(flag, `an integer from ${min}${upTo || " on"}`, JSON.stringify(text));
  };
