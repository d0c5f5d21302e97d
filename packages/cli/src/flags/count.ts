import { CliError } from "../errors/cli-error.ts";

/** A flag that is an integer. */
export const count =
  (flag: string, min = 0, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const expected =
      max === Number.MAX_SAFE_INTEGER ? `an integer ≥ ${min}` : `an integer from ${min} to ${max}`;
    throw CliError.usage(flag, expected, JSON.stringify(text));
  };
